"""The one door for JSON from outside: a scan that refuses what parsers disagree on, then msgspec.

msgspec checks the schema; it lets pass what must not get in (spec C4, requirements I1 and I2):
duplicate keys, of which two readers may see two different values; nesting made to exhaust a
stack; control characters that PostgreSQL cannot store. Those are refused here, whole, so that
text either round-trips exactly or never enters. What does enter is never changed.

Used by the sockets (realtime/dispatcher.py) and by the REST handlers. Errors name a place in the
schema and never repeat the input. A command of 500 bytes takes some 9 us, two thirds in the scan.
"""

import json
import re
from functools import lru_cache
from typing import Any, NoReturn, TypeVar, overload

import msgspec

from domain.errors import InvalidMessage, PayloadTooLarge

# No message of ours nests deeper than 8; 32 is the limit that the specification promises.
DEPTH_LIMIT = 32
# Integers of 19 digits and more may not fit 64 bits, which is what both databases store.
_DIGIT_LIMIT = 18
_DEFAULT_LIMIT_BYTES = 256 * 2**10

T = TypeVar("T")

# A string to its closing quote, or to the end where it has none: never tried twice from another
# quote inside it, which would make hostile input quadratic.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"[]", b"{}")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
# An escape that may be unfit: C0 characters and surrogates. The look-behind and the pairs make it
# start at a run of backslashes that is odd, so that an escaped backslash is not taken for one.
_DOUBTFUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\(?:[bf]|u00[01]|u[dD][89a-fA-F])")
_ESCAPE = re.compile(rb"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
# \t, \n and \r are text that people type; a textarea sends all three.
_ALLOWED_CONTROLS = frozenset({0x09, 0x0A, 0x0D})
_PLACE = re.compile(r" - at `(\$[^`]*)`\Z")


class _DuplicateKeyError(ValueError):
    pass


class _LongIntegerError(ValueError):
    pass


def _check_keys(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len(dict(pairs)) != len(pairs):
        raise _DuplicateKeyError


def _check_integer(text: str) -> None:
    if len(text) > _DIGIT_LIMIT and len(text.lstrip("-")) > _DIGIT_LIMIT:
        raise _LongIntegerError


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError


# The C scanner of the standard library calls the hooks and keeps nothing else. A scan of our own by
# regular expressions took longer and saw less.
_scan = json.JSONDecoder(
    object_pairs_hook=_check_keys, parse_int=_check_integer, parse_constant=_refuse_constant
).decode


def check_json(raw: bytes, *, limit_bytes: int = _DEFAULT_LIMIT_BYTES) -> None:
    """Refuse bytes that are not strict JSON; a schema is not looked at.

    Raises: InvalidMessage, PayloadTooLarge.
    """
    if len(raw) > limit_bytes:
        raise PayloadTooLarge(
            f"This is larger than {limit_bytes} bytes. Send less at once.",
            details={"limitBytes": limit_bytes},
        )
    _check_depth(raw)
    try:
        _scan(raw.decode())
    except UnicodeDecodeError as error:
        raise _refuse("bad_text", "This is not UTF-8.") from error
    except _DuplicateKeyError as error:
        raise _refuse("duplicate_key", "An object has the same key twice.") from error
    except _LongIntegerError as error:
        raise _refuse("number_too_large", "A number is too large to be kept exactly.") from error
    except ValueError as error:
        raise _refuse("malformed_json", "This is not JSON.") from error
    if b"\\" in raw and _DOUBTFUL_ESCAPE.search(raw):
        _check_escapes(raw)


@overload
def decode_strict(raw: bytes, kind: type[T], *, limit_bytes: int = ...) -> T: ...
@overload
def decode_strict(raw: bytes, kind: Any, *, limit_bytes: int = ...) -> Any: ...
def decode_strict(raw: bytes, kind: Any, *, limit_bytes: int = _DEFAULT_LIMIT_BYTES) -> Any:
    """Decode strict JSON into a type (a struct or a union of structs).

    Raises: InvalidMessage with `details.path`, a JSON path, and PayloadTooLarge.
    """
    check_json(raw, limit_bytes=limit_bytes)
    return decode_checked(raw, kind)


def decode_checked(raw: bytes, kind: Any) -> Any:
    """Decode what `check_json` has let pass. Raises: InvalidMessage."""
    try:
        return _build_decoder(kind).decode(raw)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refuse("malformed_json", "This is not JSON.") from error


@lru_cache(maxsize=256)  # as many as there are bodies and namespaces, several times over
def _build_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _check_depth(raw: bytes) -> None:
    """Bound the nesting before anything recursive reads it."""
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_LIMIT:
        return
    # Only brackets remain, of one kind; each pass takes the innermost pairs away, so that a pass is
    # a level. Unmatched ones are the parser's business, unless they are many.
    brackets = _STRING.sub(b"", raw).translate(_ONE_KIND, _NO_BRACKETS)
    for _ in range(DEPTH_LIMIT + 1):
        outer = brackets.replace(b"{}", b"")
        if outer == brackets:
            break
        brackets = outer
    else:
        raise _refuse("too_deep", f"This nests deeper than {DEPTH_LIMIT} levels.")
    if brackets.count(b"{") > DEPTH_LIMIT:
        raise _refuse("too_deep", f"This nests deeper than {DEPTH_LIMIT} levels.")


def _check_escapes(raw: bytes) -> None:
    """Refuse control characters and surrogates without their other half.

    Escapes stand in strings alone (the scan has seen to that) and do not overlap, so going through
    them one after the other reads them as a parser does.
    """
    high_ends_at = -1
    for escape in _ESCAPE.finditer(raw):
        unit = _read_unit(escape[1])
        is_second_half = 0xDC00 <= unit <= 0xDFFF
        if is_second_half != (escape.start() == high_ends_at) or (
            high_ends_at >= 0 and not is_second_half
        ):
            break
        if unit < 0x20 and unit not in _ALLOWED_CONTROLS:
            raise _refuse("bad_text", "A text has control characters other than tab and new line.")
        high_ends_at = escape.end() if 0xD800 <= unit <= 0xDBFF else -1
    else:
        if high_ends_at < 0:
            return
    raise _refuse("bad_text", "A text has half of a character (a lone surrogate).")


def _read_unit(escape: bytes) -> int:
    """Return the UTF-16 unit of what stands after a backslash."""
    if escape[:1] == b"u":
        return int(escape[1:], 16)
    return {b"b": 0x08, b"f": 0x0C, b"n": 0x0A, b"r": 0x0D, b"t": 0x09}.get(escape, 0x20)


_MISSING = re.compile("Object missing required field `([^`]+)`")
_OTHER_TYPE = re.compile("Expected `([^`]+)`, got `([^`]+)`")
_OTHER_SIZE = re.compile(r"Expected `(\w+)(?: \| null)?` (?:of length )?(>=|<=|>|<) (-?[\d.]+)")
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_UNITS = {"str": "characters", "array": "entries", "object": "fields"}
_TYPES = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "datetime": "a time",
    "date": "a day",
}


def _name_types(names: str) -> str:
    return " or ".join(_TYPES.get(name, name) for name in names.split(" | "))


def _explain(text: str) -> InvalidMessage:
    """Translate a validation error without repeating the input.

    msgspec has no structured form of its errors. Of its sentences only those are translated that
    are made of the schema alone; the others quote a value or a key of the sender's.
    """
    place = _PLACE.search(text)
    path = place[1] if place else "$"
    sentence = text[: place.start()] if place else text
    code = None
    if found := _MISSING.fullmatch(sentence):
        reason = f"The field `{found[1]}` is missing"
    elif found := _OTHER_TYPE.fullmatch(sentence):
        reason = f"This has to be {_name_types(found[1])}, not {_name_types(found[2])}"
    elif found := _OTHER_SIZE.fullmatch(sentence):
        kind, bound, limit = found.groups()
        has = f"have {_BOUNDS[bound]} {limit} {_UNITS[kind]}" if kind in _UNITS else None
        reason = f"This has to {has or f'be {_BOUNDS[bound]} {limit}'}"
    elif sentence.startswith("Expected `str` matching regex "):
        reason = "This does not have the form that is expected here"
    elif sentence.startswith("Object contains unknown field "):
        reason, code = "There is a field that does not belong here", "unknown_field"
    elif sentence.startswith("Invalid "):
        reason = "This is not one of the allowed values"
    else:
        reason = "This does not fit the schema"
    return InvalidMessage(f"{reason} (at {path}).", code=code, details={"path": path})


def _refuse(code: str, sentence: str) -> InvalidMessage:
    return InvalidMessage(sentence, code=code, details={"path": "$"})
