"""The page of one vote of a body: whether it took place, how it went out, and the claims behind it."""

from __future__ import annotations

from flask import Response

from service.http.context import timeline
from service.http.render import vote_answer
from service.http.votes import which
from service.web.blueprint import PAGES, in_api, page
from service.web.live import live_about
from service.web.question import asked, clocks_asked
from service.web.sources import claims_in, surroundings_of

_NAMES = ("relation", "subject", "object", "motion")


@PAGES.get("/vote/<body>")
def show_vote(body: str) -> Response:
    """One vote: by relation, subject and object, or by its motion."""
    given = asked()
    moves, motion = which(given)
    clocks = clocks_asked()
    told = vote_answer(timeline().vote(body, clocks, moves=moves, motion=motion), clocks)
    sources = surroundings_of(claims_in(told), clocks)
    excluded = [one["claim"] for one in told["excluded"]]
    shown = [id for id in dict.fromkeys([*told["claims"], *excluded]) if id in sources.claims]
    named = {name: given[name] for name in _NAMES if name in given}
    json = in_api(f"/v1/votes/{body}", **named)
    ends = (told["moves"]["subject"], told["moves"]["object"]) if told["moves"] else ()
    live = live_about(clocks.position, (told["body"], *ends), is_joint=True)
    return page("vote.html", told=told, shown=shown, sources=sources, json=json, live=live)
