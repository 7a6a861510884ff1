"""The erasure drill: what was erased is nowhere any more, and everything else is as it was."""

from __future__ import annotations

import json
from typing import Any

from service.db import connect
from tests.integration.erasure.conftest import CANARY, REASON, SUBJECTS, Drill, command, dump, tables_with_canaries
from tests.integration.following.conftest import Sites, take_over

GROWS = ("log.events", "log.erased")
"""Where an erasure adds rows."""
COUNTS = ("log.erasures", ".checkpoint", "log.tree", "log.tree_edge")
"""Where something is counted."""
NAMELESS = b"p-1\tperson\t\\N\t\\N"
"""What the read tables hold of somebody without a name."""
PUBLIC = ("log.", "read_", "projections.", "hooks.")


def holds_canary(said: str) -> bool:
    return CANARY in said.casefold()


def erasures(drill: Drill) -> list[dict[str, Any]]:
    """The events of the erasures, as the feed tells them."""
    events = json.loads(drill.told["/v1/feed application/json"])
    return [event["data"] for event in events if event["type"] == "io.frenemies.TextsErased.v1"]


def test_before_it_everybody_is_told(drill: Drill) -> None:
    told = {address for address, said in drill.told_before.items() if holds_canary(said)}
    texts = "/v1/feed?include=texts application/x-ndjson"
    assert {"/entity/p-1 text/html", "/claim/CLAIM text/html", texts, "stream", "export"} <= told
    held = tables_with_canaries(drill.held_before)
    assert {"log.texts", "read_index_3.entities", "read_index_3.entity_names", "pg_catalog.pg_statistic"} <= set(held)


def test_afterwards_nobody_is_told_in_any_form(drill: Drill) -> None:
    assert [said.exit_code for said in drill.said] == [0, 0, 0], [said.output for said in drill.said]
    assert [address for address, said in drill.told.items() if holds_canary(said)] == []


def test_no_table_of_the_database_holds_it_not_even_what_the_server_keeps_to_plan_queries(drill: Drill) -> None:
    assert tables_with_canaries(drill.held) == []


def test_a_process_that_goes_on_does_not_tell_it_from_memory(drill: Drill) -> None:
    assert list(map(holds_canary, drill.remembered)) == [True, True, False]


def test_all_other_rows_are_as_they_were(drill: Drill) -> None:
    for table in filter(lambda name: name.startswith(PUBLIC) and not name.endswith(COUNTS), drill.held):
        before, after = set(drill.held_before[table]), set(drill.held[table])
        assert [row for row in before - after if not tables_with_canaries({table: (row,)})] == [], table
        nameless = {row for row in after - before if row == NAMELESS and table.endswith(".entities")}
        assert after - before == nameless or table in GROWS, table
    assert len(set(drill.held["log.events"]) - set(drill.held_before["log.events"])) == len(SUBJECTS)


def test_the_feed_tells_that_it_was_done_and_why_and_not_what(drill: Drill) -> None:
    told = erasures(drill)
    assert [event["subject"]["kind"] for event in told] == ["entity", "author", "article"]
    assert {event["reason"] for event in told} == {REASON}
    references = {reference for event in told for reference in event["references"]}
    assert len(references) == 4 + 3 + 1 + 1  # names, parts of a quote, an author, a text
    assert all(reference in drill.told["webhook"] and reference in drill.told["stream"] for reference in references)


def test_answers_say_where_something_was_erased(drill: Drill) -> None:
    person = json.loads(drill.told["/v1/entities/p-1 application/json"])
    assert (person["name"], person["aliases"], person["erased"]) == (None, [], ["name", "aliases", "names"])
    (of_article,) = (json.loads(said) for path, said in drill.told.items() if path.startswith("/v1/articles/"))
    assert (of_article["authors"], of_article["text"]) == (["Dee Bystander"], None)
    assert of_article["erased"] == ["authors", "text"] and len(of_article["sha256"]) == 64
    (evidence,) = json.loads(drill.told["/v1/claims/CLAIM application/json"])["evidence"]
    assert evidence["quote"] == {"exact": None, "prefix": None, "suffix": None}
    assert "The name was erased." in drill.told["/entity/p-1 text/html"]
    assert "The quote was erased." in drill.told["/claim/CLAIM text/html"]


def test_the_log_still_verifies_and_the_read_tables_built_anew_are_the_same(drill: Drill) -> None:
    drill.site.keep()
    verified = command(drill.site.url, "verify")
    assert verified.exit_code == 0, verified.output
    compared = command(drill.site.url, "project", "verify", "--whole")
    assert compared.exit_code == 0, compared.output


def test_followers_forget_it_too_and_those_who_come_later_never_hear_of_it(drill: Drill, sites: Sites) -> None:
    assert "log.texts" in tables_with_canaries(dump(drill.follower.url))
    take_over(drill.follower)
    drill.follower.catch_up()
    assert [name for name in tables_with_canaries(dump(drill.follower.url)) if name.startswith(PUBLIC)] == []
    late = sites.follower(drill.site.base)
    take_over(late)
    for follower in (drill.follower, late):
        assert follower.log("events", "texts") == drill.site.log("events", "texts")


def test_an_old_export_does_not_bring_it_back(drill: Drill) -> None:
    file = drill.folder / "old.ndjson"
    file.write_text(drill.exported)
    assert holds_canary(drill.exported)
    whole = command(drill.site.url, "import", str(file))
    assert whole.exit_code == 3 and "names of it were erased" in whole.output
    head = len(dump(drill.site.url)["log.events"])
    parts = command(drill.site.url, "import", str(file), "--rejects", str(drill.folder / "rejects.ndjson"))
    assert parts.exit_code == 3, parts.output
    held = dump(drill.site.url)
    assert (tables_with_canaries(held), len(held["log.events"])) == ([], head)


def test_after_a_restore_the_ledger_erases_it_again(drill: Drill) -> None:
    assert not holds_canary(drill.ledger.read_text())
    assert "log.texts" in tables_with_canaries(dump(drill.backup))
    for due in (3, 0):
        again = command(drill.backup, "erase", "--again", "--ledger", str(drill.ledger))
        assert again.exit_code == 0 and f"3 erasures in the ledger, {due} of them due" in again.output, again.output
        assert tables_with_canaries(dump(drill.backup)) == []
    with connect(drill.backup) as connection:
        query = "SELECT convert_from(state, 'UTF8') FROM log.events WHERE stream = 'log-erasures' ORDER BY position"
        found = [json.loads(state) for (state,) in connection.execute(query)]
    assert [sorted(one["references"]) for one in found] == [sorted(one["references"]) for one in erasures(drill)]
