"""What text is taken: its normal form, and what may not be in it."""

from __future__ import annotations

import re
import unicodedata

from events.errors import Invalid

LONGEST_TEXT = 65_536
LONGEST_NAME = 200
_REFUSED_ANYWHERE = re.compile("[\x00\ud800-\udfff]")
_REFUSED_IN_NAMES = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ENTITY_ID = re.compile("[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁвкмнтοαερνικϲ",
    "aeopcyxijsdbkmhtoaepvikc",
)


def clean_text(value: str, pointer: str = "", longest: int = LONGEST_TEXT) -> str:
    """The text in normal form C (UAX 15). Invalid for NUL, lone surrogates and text over the limit (bytes of UTF-8)."""
    if value.isascii() and "\0" not in value and len(value) <= longest:
        return value
    if _REFUSED_ANYWHERE.search(value):
        raise Invalid("text may not contain the character NUL or half of a surrogate pair", pointer)
    normal = unicodedata.normalize("NFC", value)
    if len(normal.encode()) > longest:
        raise Invalid(f"text may have at most {longest} bytes in UTF-8", pointer)
    return normal


def clean_name(value: str, pointer: str = "", longest: int = LONGEST_NAME) -> str:
    """A name on one line, trimmed. Invalid when empty, too long (also in form KC), or with control characters."""
    name = clean_text(value, pointer).strip()
    if not name:
        raise Invalid("a name may not be empty", pointer)
    if name.isascii() and name.isprintable() and len(name) <= longest:
        return name
    if _REFUSED_IN_NAMES.search(name):
        raise Invalid("a name may not contain control characters or changes of writing direction", pointer)
    if max(len(name), len(unicodedata.normalize("NFKC", name))) > longest:
        raise Invalid(f"a name may have at most {longest} characters", pointer)
    return name


def is_id(value: str) -> bool:
    """Whether it is at most 200 lower-case letters and digits, with single `.`, `_` or `-` between them."""
    return len(value) <= LONGEST_NAME and _ENTITY_ID.fullmatch(value) is not None


def clean_id(value: str, pointer: str = "") -> str:
    """The id of an entity, as it is; Invalid when it is none (`is_id`)."""
    if not is_id(value):
        raise Invalid("an id consists of lower-case letters and digits, with single -, _ or . between them", pointer)
    return value


def folded(name: str) -> str:
    """The form in which names are searched: trimmed, in normal form C, without case."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def skeleton(name: str) -> str:
    """A form that names which look alike share: compatibility form, case folded, without invisible characters."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_LOOKALIKES)
    return "".join(char for char in folded if unicodedata.category(char) != "Cf")
