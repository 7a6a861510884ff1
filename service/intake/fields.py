"""Fields that take exactly one type each: no number for a text, no truth value for a number, no list for an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from service.settings import Limits

LIMITS = Limits()
LARGEST_WHOLE = 2**31 - 1


class Shape(Schema):
    """The shape of an object; fields that it does not name are refused."""

    class Meta:
        """How marshmallow treats it."""

        unknown = RAISE


class Text(fields.String):
    """A text of at most `longest` bytes in UTF-8."""

    def __init__(self, longest: int = LIMITS.string, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata={"maxLength": longest, **(metadata or {})}, **options)
        self._longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if len(value) > self._longest or len(value.encode()) > self._longest:
            raise ValidationError(f"Longer than {self._longest} bytes in UTF-8.")
        return value


class Word(Text):
    """One of the words of the vocabulary; which, is documented here and checked by the domain."""

    def __init__(self, words: Iterable[str], **options: Any) -> None:
        super().__init__(metadata={"enum": list(words)}, **options)


class Optional(Text):
    """A text that may be left out or null."""

    def __init__(self, longest: int = LIMITS.string, **options: Any) -> None:
        super().__init__(longest, allow_none=True, **options)


class Items(fields.List[Any]):
    """A list, loaded as a tuple."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return tuple(super()._deserialize(value, attr, data, **kwargs))


class Texts(Items):
    """A list of texts."""

    def __init__(self, most: int, **options: Any) -> None:
        super().__init__(Text(), validate=validate.Length(max=most), **options)


class Whole(fields.Integer):
    """A whole number from `least` to `most`."""

    def __init__(self, least: int = 0, most: int = LARGEST_WHOLE, **options: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(least, most), **options)


class Attributes(fields.Dict):
    """An object of texts, numbers, truth values, lists and the object `moves`; the domain says what they mean."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        faults = {key: ["Longer than the longest text."] for key, text in value.items() if _is_too_long(text)}
        if faults:
            raise ValidationError(faults)
        return value


def _is_too_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > LIMITS.string
