"""A login names a key, until a moment, and nobody else can make or change one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.keys.logins import SECONDS, Logins, is_visit, new_visit

NOW = 1_800_000_000.0
LOGINS = Logins("s" * 64)


def test_a_login_counts_for_twelve_hours_and_not_a_second_longer() -> None:
    login = LOGINS.begin("abcdefghij", NOW)
    assert SECONDS == 12 * 3_600
    for at, holder in ((NOW, "abcdefghij"), (NOW + SECONDS, "abcdefghij"), (NOW + SECONDS + 1, None)):
        assert LOGINS.holder(login, at) == holder


def test_no_two_logins_are_the_same() -> None:
    assert LOGINS.begin("admin", NOW) != LOGINS.begin("admin", NOW)


@given(st.integers(0, 200), st.characters(min_codepoint=32, max_codepoint=0x10FFFF))
def test_a_login_that_was_changed_is_none(place: int, letter: str) -> None:
    login = LOGINS.begin("abcdefghij", NOW)
    place %= len(login)
    changed = login[:place] + letter + login[place + 1 :]
    assert changed == login or LOGINS.holder(changed, NOW) is None


@pytest.mark.parametrize("login", ["", ".", "0" * 500, "9.admin.x.y", "\u0663.admin", "None", "a.b.c.d"])
def test_what_is_no_login_names_nobody(login: str) -> None:
    assert LOGINS.holder(login, NOW) is None


def test_another_secret_makes_other_logins_and_marks() -> None:
    other = Logins("t" * 64)
    login = LOGINS.begin("admin", NOW)
    assert other.holder(login, NOW) is None
    assert not other.is_mark(LOGINS.mark(login), login)


def test_the_mark_of_a_form_is_for_one_login() -> None:
    mine, other = LOGINS.begin("admin", NOW), LOGINS.begin("admin", NOW)
    assert LOGINS.is_mark(LOGINS.mark(mine), mine)
    for wrong in ("", "x", "\u00e9" * 64, LOGINS.mark(other), mine):
        assert not LOGINS.is_mark(wrong, mine)


def test_a_mark_is_no_login() -> None:
    told = LOGINS.begin("admin", NOW).rpartition(".")[0]
    assert LOGINS.holder(f"{told}.{LOGINS.mark(told)}", NOW) is None


def test_a_visit_has_a_name_of_its_own() -> None:
    assert is_visit(new_visit()) and new_visit() != new_visit()
    assert not any(map(is_visit, ("", "x" * 32, "0" * 31, "0" * 33, "\u0660" * 32)))
