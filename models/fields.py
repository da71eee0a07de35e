"""Columns of TableTap: the same storage and the same Python values on SQLite and PostgreSQL.

Each function makes a Peewee field and tells the type checker what a row holds. References hold
the other row's id and never load it: a query that was not written is a query that is not run.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, TypeVar, cast, overload

import msgspec
from peewee import (
    SQL,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    Check,
    Field,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

ID_LENGTH = 36
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_Value = TypeVar("_Value")
_Word = TypeVar("_Word", bound=StrEnum)


def to_unix_ms(at: datetime) -> int:
    """Milliseconds since 1970, rounded down. Raises: ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("times are stored with their zone known")
    return (at - _EPOCH) // _MILLISECOND


def from_unix_ms(unix_ms: int) -> datetime:
    """Aware UTC time of milliseconds since 1970."""
    return _EPOCH + unix_ms * _MILLISECOND


def to_optional_unix_ms(at: datetime | None) -> int | None:
    """As `to_unix_ms`, of a time that may not be there. Raises: ValueError."""
    return None if at is None else to_unix_ms(at)


def from_optional_unix_ms(unix_ms: int | None) -> datetime | None:
    """As `from_unix_ms`, of a time that may not be there."""
    return None if unix_ms is None else from_unix_ms(unix_ms)


class UtcTimestampField(BigIntegerField):
    """Aware datetimes as epoch milliseconds: one order, one meaning, whatever the database."""

    def db_value(self, value: datetime | None) -> int | None:
        return to_optional_unix_ms(value)

    def python_value(self, value: int | None) -> datetime | None:
        return from_optional_unix_ms(value)


class BusinessDateField(CharField):
    """Dates as ISO text: sorts as it reads, and Peewee's own date parsing is slow on SQLite."""

    def db_value(self, value: date | None) -> str | None:
        return None if value is None else value.isoformat()

    def python_value(self, value: str | None) -> date | None:
        return None if value is None else date.fromisoformat(value)


class WordField(CharField):
    """A StrEnum's value as text; a word that the enum does not have is refused both ways."""

    def __init__(self, words: type[StrEnum], **options: Any) -> None:
        super().__init__(max_length=20, **options)
        self._words = words

    def db_value(self, value: str | None) -> str | None:
        return None if value is None else self._words(value).value

    def python_value(self, value: str | None) -> StrEnum | None:
        return None if value is None else self._words(value)


class JsonTextField(TextField):
    """A msgspec type as JSON text: typed on the way out, and never queried into."""

    def __init__(self, content: Any, **options: Any) -> None:
        super().__init__(**options)
        self._decoder = msgspec.json.Decoder(content)

    def db_value(self, value: object) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def python_value(self, value: str | None) -> Any:
        return None if value is None else self._decoder.decode(value)


def id_field(*, primary_key: bool = False) -> Field[str]:
    """An identifier of ours; the caller makes it (`new_id`), never the database."""
    return CharField(max_length=ID_LENGTH, primary_key=primary_key)


@overload
def text_field(max_length: int, *, null: Literal[True], unique: bool = False) -> Field[str | None]:
    pass


@overload
def text_field(
    max_length: int,
    *,
    null: Literal[False] = False,
    unique: bool = False,
    primary_key: bool = False,
    default: str | None = None,
) -> Field[str]:
    pass


def text_field(max_length: int, **options: Any) -> Any:
    """Text of at most so many characters (SQLite does not count; the types at the edge do)."""
    return CharField(max_length=max_length, **options)


def long_text_field() -> Field[str]:
    """Text without a limit of its own."""
    return TextField()


@overload
def integer_field(*, null: Literal[True]) -> Field[int | None]:
    pass


@overload
def integer_field(
    *, null: Literal[False] = False, primary_key: bool = False, default: int | None = None
) -> Field[int]:
    pass


def integer_field(**options: Any) -> Any:
    """A small whole number: counts, seconds, positions."""
    return IntegerField(**options)


@overload
def big_integer_field(*, null: Literal[True]) -> Field[int | None]:
    pass


@overload
def big_integer_field(*, null: Literal[False] = False, default: int | None = None) -> Field[int]:
    pass


def big_integer_field(**options: Any) -> Any:
    """A whole number that may pass two thousand million: money in minor units, `seq`."""
    return BigIntegerField(**options)


def boolean_field(*, default: bool | None = None) -> Field[bool]:
    """True or false, never null."""
    return BooleanField(default=default)


def bytes_field() -> Field[bytes]:
    """Bytes as they are. PostgreSQL's driver returns them as a view: `bytes(row.field)`."""
    return BlobField()


@overload
def timestamp_field(*, null: Literal[True]) -> Field[datetime | None]:
    pass


@overload
def timestamp_field(*, null: Literal[False] = False) -> Field[datetime]:
    pass


def timestamp_field(**options: Any) -> Any:
    """An aware UTC time, to the millisecond."""
    return UtcTimestampField(**options)


def business_date_field() -> Field[date]:
    """The day of the cafe's books that something belongs to."""
    return cast("Field[date]", BusinessDateField(max_length=10))


def word_field(words: type[_Word], *, default: _Word | None = None) -> Field[_Word]:
    """One of an enum's words. Pair it with `check_word`, which has the database hold it too."""
    return cast("Field[_Word]", WordField(words, default=default))


def json_field(
    content: type[_Value], *, default: Callable[[], _Value] | None = None
) -> Field[_Value]:
    """A value of a msgspec type, kept as JSON text."""
    return cast("Field[_Value]", JsonTextField(content, default=default))


@overload
def reference_field(
    model: type[Model] | Literal["self"], *, null: Literal[True]
) -> Field[str | None]:
    pass


@overload
def reference_field(
    model: type[Model] | Literal["self"],
    *,
    null: Literal[False] = False,
    primary_key: bool = False,
    unique: bool = False,
) -> Field[str]:
    pass


def reference_field(model: Any, **options: Any) -> Any:
    """The id of a row of another table, held by a foreign key.

    Name it with `_id`. It has no index of its own: tables list the ones their queries need.
    """
    return ForeignKeyField(model, lazy_load=False, backref="+", index=False, **options)


def check(name: str, condition: str) -> Any:
    """A named CHECK, so that a later migration can find it."""
    return Check(condition, name=name)


def check_word(name: str, column: str, words: type[StrEnum]) -> Any:
    """A CHECK that a column holds one of an enum's words."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return Check(f"{column} IN ({listed})", name=name)


def condition(text: str) -> SQL:
    """The WHERE of a partial index."""
    return SQL(text)
