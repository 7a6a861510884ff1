"""A small world in which everything that a recorder can write is one text: recorded over HTTP, as by anybody."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from tests.http.conftest import Service

Json = dict[str, Any]
HARMLESS = "harmless"
_NO_ADDRESS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]")


class World:
    """Six entities, two articles, and claims of many types. `name` stands where a name does, `text` in all else."""

    def __init__(self, service: Service, tag: str, name: str, text: str) -> None:
        """`tag` sets the ids apart from those of other worlds; ids take no texts."""
        self._service = service
        self.tag = tag
        self.name = name
        self.text = text
        self.entities = {word: f"{tag}-{word}" for word in ("one", "two", "three", "four", "board", "person")}
        self.claims: dict[str, str] = {}
        self.articles: dict[str, str] = {}
        self.began = service.timeline.head()
        self._record_entities()
        self._record_articles()
        self._record_claims()
        self._change_claims()
        self._change_entities()
        self.ended = service.timeline.head()

    def id(self, word: str) -> str:
        return self.entities[word]

    def _record_entities(self) -> None:
        kinds = {"board": "body", "person": "person"}
        for word, id in self.entities.items():
            told = {
                "kind": kinds.get(word, "company"), "name": self.name, "aliases": [f"{self.name} {word}"],
                "identifiers": {"wikidata": self.name},
            }  # fmt: skip
            self._put(f"/v1/entities/{id}", told)

    def _record_articles(self) -> None:
        for word in ("first", "second"):
            told = {
                "url": self.address(word), "title": self.name, "publisher": self.name, "authors": [self.name],
                "language": "en", "published": "2014-11-04", "text": self.article_text,
            }  # fmt: skip
            self.articles[word] = self._post("/v1/articles", told)["id"]

    def address(self, word: str) -> str:
        """The url of an article, with as much of the name in it as an address takes."""
        return f"https://example.org/{self.tag}/{word}/{_NO_ADDRESS.sub('', self.name)}"

    @property
    def article_text(self) -> str:
        """The text of both articles; the quote stands in the middle of it."""
        return f"{self.text}|before|{self.text}|after|{self.text}"

    def _evidence(self) -> Json:
        start = len(self.article_text.partition("before|")[0]) + len("before|")
        return {
            "summary": f"{self.text}.",
            "position": {"start": start, "end": start + len(self.text)},
            "quote": {"exact": self.text, "prefix": self.text, "suffix": self.text},
        }

    def _claim(self, word: str, type: str, participants: dict[str, str], **changes: Any) -> None:
        told = {
            "article": self.articles["first"],
            "ref": f"{self.name} {self.tag} {word}",
            "type": type,
            "participants": [
                {"role": role, "entity": self.id(one)} for role, ones in participants.items() for one in ones.split()
            ],
            "attributes": {},
            "asserted_by": {"kind": "author"},
            "modality": "done",
            "polarity": "positive",
            "time": {"kind": "instant", "edtf": "2013", "expression": self.text},
            "evidence": self._evidence(),
        } | changes
        self.claims[word] = self._post("/v1/claims", told)["id"]

    def _record_claims(self) -> None:
        text = self.text
        by = {"kind": "speaker", "agent": [self.id("person")], "affiliation": [self.id("one")], "chain": ["author"]}
        self._claim("owns", "acquisition", {"acquirer": "one", "target": "two"}, attributes={"title": text})
        self._claim("not owns", "acquisition", {"acquirer": "one", "target": "two"}, polarity="negative")
        self._claim("invests", "investment", {"investor": "one", "investee": "three"}, attributes={"round": text})
        self._claim("partner", "partnership", {"partner": "one four"}, attributes={"market": text, "wording": text})
        self._claim(
            "agrees",
            "agreement",
            {"party": "two three"},
            attributes={"term": text, "condition": text, "sides": [text, text]},
        )
        self._claim("rival", "competition", {"competitor": "one four"}, attributes={"scope": text}, asserted_by=by)
        self._claim("post", "position", {"holder": "person", "organization": "one"}, attributes={"title": text})
        self._claim("is", "organization", {"subject": "one"}, attributes={"headquarters": text, "activity": text})
        self._claim("vote", "governance_vote", {"body": "board"}, attributes={"motion": text, "outcome": "approved"})
        moved = {"relation": "member_of", "subject": self.id("two"), "object": self.id("board")}
        self._claim("moved", "governance_vote", {"body": "board"}, attributes={"moves": moved, "outcome": "approved"})
        stance = {"stance": text, "wording": text}
        self._claim("stance", "statement", {"speaker": "person", "about": "one"}, attributes=stance)
        figure = {"measure": text, "value": text, "unit": text, "population": text}
        self._claim("figure", "market_fact", {"subject": "one"}, attributes=figure)
        self._claim("plan", "membership", {"member": "one", "organization": "board"}, modality="planned")
        self._claim("wrong", "customer", {"customer": "four", "vendor": "two"})
        self._claim("late", "customer", {"customer": "three", "vendor": "two"}, article=self.articles["second"])

    def _change_claims(self) -> None:
        told = {"changes": {"attributes": {"round": f"{self.text}!"}}, "reason": self.text}
        self._post(f"/v1/claims/{self.claims['invests']}/corrections", told)
        self._post(f"/v1/claims/{self.claims['wrong']}/retraction", {"reason": self.text})
        self._post(f"/v1/claims/{self.claims['wrong']}/reinstatement", {"reason": f"{self.text}."})
        self._post(f"/v1/claims/{self.claims['wrong']}/retraction", {"reason": f"{self.text}!"})
        by = {"article": self.articles["second"], "asserted_by": {"kind": "collective"}}
        answer = {"response": "dispute", "by": by, "aspect": self.text, "reason": self.text}
        self.claims["response"] = self._post(f"/v1/claims/{self.claims['rival']}/responses", answer)["id"]
        told = {"changes": {"published": "2014-11-05", "title": f"{self.name}."}, "reason": self.text}
        self._post(f"/v1/articles/{self.articles['second']}/corrections", told)

    def _change_entities(self) -> None:
        renamed = {"name": f"{self.name}!", "since": "2014", "article": self.articles["first"]}
        self._post(f"/v1/entities/{self.id('four')}/rename", renamed)
        merged = {"into": self.id("three"), "reason": self.text}
        self._post(f"/v1/entities/{self.id('four')}/merge", merged)
        undone = {"into": self.id("three"), "reason": self.text}
        self._post(f"/v1/entities/{self.id('four')}/unmerge", undone)
        self._post(f"/v1/entities/{self.id('four')}/merge", merged)

    def _put(self, path: str, body: Json) -> Json:
        return self._done(self._service.put(path, body, **self._note))

    def _post(self, path: str, body: Json) -> Json:
        return self._done(self._service.post(path, body, **self._note))

    @property
    def _note(self) -> dict[str, str]:
        """The note in the header, as a client sends it: UTF-8, which servers hand over as Latin-1."""
        return {"Frenemies_Note": self.name.encode(errors="replace").decode("latin-1")}

    @staticmethod
    def _done(answer: Any) -> Json:
        assert answer.status_code in (200, 201), answer.json
        told: Json = answer.json
        return told


def written(text: str) -> str:
    """A text as a part of an address."""
    return quote(text, safe="")
