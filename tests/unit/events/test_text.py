"""What text is taken."""

from __future__ import annotations

import pytest

from events.errors import Invalid
from events.text import LONGEST_NAME, LONGEST_TEXT, clean_id, clean_name, clean_text, folded, skeleton


def test_text_is_brought_into_normal_form_c() -> None:
    assert clean_text("Ada\u0301\n") == "Ad\u00e1\n"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "a\udfffb"])
def test_text_without_a_form_in_utf_8_or_with_nul_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(Invalid, match="may not contain the character NUL") as refused:
        clean_text(text, "/title")
    assert refused.value.pointer == "/title"


def test_text_is_measured_in_bytes() -> None:
    assert len(clean_text("é" * (LONGEST_TEXT // 2))) == LONGEST_TEXT // 2
    with pytest.raises(Invalid, match="at most 65536 bytes"):
        clean_text("é" * (LONGEST_TEXT // 2 + 1))


def test_a_name_is_trimmed() -> None:
    assert clean_name("\u00a0 Red Hat ") == "Red Hat"


@pytest.mark.parametrize("name", ["", " ", "\u2003"])
def test_a_name_may_not_be_empty(name: str) -> None:
    with pytest.raises(Invalid, match="may not be empty"):
        clean_name(name)


@pytest.mark.parametrize("char", ["\n", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"])
def test_a_name_has_no_control_characters_and_no_change_of_direction(char: str) -> None:
    with pytest.raises(Invalid, match="control characters"):
        clean_name(f"Red{char}Hat")


@pytest.mark.parametrize("char", ["x", "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"])
def test_a_name_is_measured_as_it_is_and_written_out(char: str) -> None:
    length = LONGEST_NAME // (18 if char != "x" else 1)
    assert clean_name(char * length) == char * length
    with pytest.raises(Invalid, match="at most 200 characters"):
        clean_name(char * (length + 1))


def test_the_limit_of_a_name_can_be_another() -> None:
    with pytest.raises(Invalid, match="at most 3 characters"):
        clean_name("four", longest=3)


@pytest.mark.parametrize("name", ["a", "red-hat", "003-09", "a.b_c-d", "x" * LONGEST_NAME])
def test_an_id_is_taken_as_it_is(name: str) -> None:
    assert clean_id(name) == name


@pytest.mark.parametrize("name", ["", "Red", "red hat", "-a", "a-", "a--b", "a.-b", "é", "a/b", "a\n"])
def test_an_id_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="an id consists of"):
        clean_id(name, "/id")


def test_an_id_is_not_longer_than_a_name() -> None:
    with pytest.raises(Invalid):
        clean_id("x" * (LONGEST_NAME + 1))


@pytest.mark.parametrize("other", ["RED HAT", "Rеd Hаt", "Red\u200b Hat", "Ｒｅｄ Hat"])
def test_names_that_look_alike_share_a_skeleton(other: str) -> None:
    assert skeleton(other) == skeleton("red hat")


def test_names_that_do_not_look_alike_have_other_skeletons() -> None:
    assert skeleton("Red Hat") != skeleton("Rad Hat")


@pytest.mark.parametrize("other", [" RED HAT ", "red hat", "Red Hat\n"])
def test_names_are_searched_without_case(other: str) -> None:
    assert folded(other) == folded("Red Hat")


def test_names_are_searched_in_one_normal_form() -> None:
    assert folded("E\u0301COLE") == folded("\u00e9cole") != folded("ecole")
