"""Strategies of Hypothesis for input that nobody meant well: what is valid with a few things wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from tests import generating
from tests.hostile import NAMES, REFUSED, STEERING

EXAMPLES = max(20, generating.EXAMPLES // 5)
"""How many are tried of each: there are many readers, and most of what is wrong is found early."""
_ODD = (
    "\0", "\ud800", "\u0661", "\uff11", "\u00b2", "\n", "\r\n", "\t", " ", "\u00a0", "\u2028", "%", "%00", "%zz", "+",
    "/", "..", "-", "--", "_", "=", "==", "&", "?", "#", "@", ":", "[", "]", "\\", '"', "'", "\u00e9",
    "e\u0301", "\ufb01",
    "\U0001f600", "0" * 25, "9" * 400, "1e400", "NaN", "null", "true", "{}", "[]", "\u202e", "\x1b[0m", "\x85",
    "\ufeff",
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(), max_size=40),
    st.sampled_from([*NAMES.values(), *STEERING.values(), *REFUSED.values(), *_ODD]),
)


@st.composite
def spoiled(draw: st.DrawFn, valid: Sequence[str]) -> str:
    """One of some texts with parts of it changed, left out, said again, or as it is; or any text."""
    if draw(st.integers(0, 5)) == 0:
        return draw(TEXTS)
    text = draw(st.sampled_from(valid))
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        put = draw(st.sampled_from(_ODD) | st.text(max_size=3) | st.just("") | st.just(text[start:end] * 2))
        text = text[:start] + put + text[end:] if draw(st.booleans()) else text[:start] + put + text[start:]
    return text


@st.composite
def spoiled_bytes(draw: st.DrawFn, valid: Sequence[bytes]) -> bytes:
    """The same with bytes, which need no longer be text."""
    if draw(st.integers(0, 7)) == 0:
        return draw(st.binary(max_size=60))
    raw = draw(st.sampled_from(valid))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 12)))
        odd = st.sampled_from([one.encode(errors="surrogatepass") for one in _ODD])
        raw = raw[:start] + draw(odd | st.binary(max_size=3) | st.just(b"")) + raw[end:]
    return raw
