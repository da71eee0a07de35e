"""The door for JSON: what passes, what is refused, and that refusals repeat nothing."""

import json
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import PlaceOrder
from domain.errors import InvalidMessage, PayloadTooLarge
from realtime.strict_json import check_json, decode_strict


class Note(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    count: int = 0


REFUSED = {
    "duplicate key": (b'{"text":"a","text":"b"}', "duplicate_key"),
    "duplicate key in depth": (b'{"a":[{"b":{"c":1,"c":1}}]}', "duplicate_key"),
    "duplicate by escape": (b'{"a":1,"\\u0061":2}', "duplicate_key"),
    "NaN": (b'{"count":NaN}', "malformed_json"),
    "Infinity": (b"[Infinity]", "malformed_json"),
    "minus Infinity": (b"[-Infinity]", "malformed_json"),
    "33 deep": (b"[" * 33 + b"]" * 33, "too_deep"),
    "10,000 deep": (b"[" * 10_000 + b"]" * 10_000, "too_deep"),
    "10,000 objects deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep"),
    "unclosed bomb": (b"[" * 100_000, "too_deep"),
    "high surrogate": (b'{"text":"\\ud800"}', "bad_text"),
    "high surrogate, more text": (b'{"text":"\\ud800abc"}', "bad_text"),
    "low surrogate": (b'{"text":"\\uDC00"}', "bad_text"),
    "two high surrogates": (b'{"text":"\\ud800\\ud800"}', "bad_text"),
    "surrogates apart": (b'{"text":"\\ud83d \\ude00"}', "bad_text"),
    "surrogates swapped": (b'{"text":"\\ude00\\ud83d"}', "bad_text"),
    "surrogate before an escape": (b'{"text":"\\ud83d\\n"}', "bad_text"),
    "raw surrogate": (b'{"text":"\xed\xa0\x80"}', "bad_text"),
    "overlong UTF-8": (b'{"text":"\xc0\xaf"}', "bad_text"),
    "Latin-1": (b'{"text":"caf\xe9"}', "bad_text"),
    "NUL": (b'{"text":"\\u0000"}', "bad_text"),
    "backspace": (b'{"text":"\\b"}', "bad_text"),
    "escape character": (b'{"text":"\\u001B[31m"}', "bad_text"),
    "raw control character": (b'{"text":"\x01"}', "malformed_json"),
    "byte order mark": (b"\xef\xbb\xbf{}", "malformed_json"),
    "nothing": (b"", "malformed_json"),
    "half an object": (b'{"text":', "malformed_json"),
    "trailing comma": (b"[1,]", "malformed_json"),
    "single quotes": (b"{'a':1}", "malformed_json"),
    "two values": (b"{} {}", "malformed_json"),
    "unclosed string": (b'"' + b'\\"' * 100, "malformed_json"),
    "400 digits": (b'{"count":' + b"9" * 400 + b"}", "number_too_large"),
    "19 digits": (b"[-" + b"1" * 19 + b"]", "number_too_large"),
    "more digits than Python reads": (b'{"count":' + b"9" * 9000 + b"}", "number_too_large"),
}


@pytest.mark.parametrize(("raw", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_readers_disagree_on_is_refused(raw: bytes, code: str):
    """Each with its code, the root as its place, and nothing of the input."""
    with pytest.raises(InvalidMessage) as caught:
        check_json(raw)

    assert caught.value.code == code
    assert caught.value.details == {"path": "$"}


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, 東京 – 😀",
        "two\nlines\tand a\r\ntextarea",
        "\\u0000 said, not meant; C:\\backup \\ud800",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ {{{{",
        '"quoted" \\" and 12345678901234567890123',
        "\u200f\u202e right to left \u2028",
        "a" * 60_000,
    ],
)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_text_round_trips_exactly(text: str, is_ascii: bool):
    """Whatever passes is what was sent, escaped or not."""
    raw = json.dumps({"text": text}, ensure_ascii=is_ascii).encode()

    assert text == decode_strict(raw, Note).text


@given(text=st.text(), is_ascii=st.booleans())
def test_any_text_round_trips_or_is_refused(text: str, is_ascii: bool):
    """Refused are exactly control characters other than tab, line feed and carriage return."""
    raw = json.dumps({"text": text}, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    unfit = any(ord(c) < 0x20 and c not in "\t\n\r" for c in text)
    unfit = unfit or any(0xD800 <= ord(c) <= 0xDFFF for c in text)

    if unfit:
        with pytest.raises(InvalidMessage):
            decode_strict(raw, Note)
    else:
        assert text == decode_strict(raw, Note).text


@given(raw=st.binary(max_size=200) | st.text(alphabet='[]{}":,\\u0d8c1e.-+ntrue', max_size=60))
def test_any_bytes_are_decoded_or_refused(raw: bytes | str):
    """No other exception gets out, whatever comes in."""
    raw = raw.encode() if isinstance(raw, str) else raw
    try:
        check_json(raw)
    except InvalidMessage:
        return

    json.loads(raw)


def test_surrogate_pairs_are_one_character():
    """A pair written as two escapes is a character beyond the first 65,536."""
    assert decode_strict(b'{"text":"\\ud83d\\ude00\\uD83D\\uDE00"}', Note).text == "😀😀"


def test_thirty_two_levels_pass():
    """The limit is a limit, and brackets in texts do not count."""
    check_json(b"[" * 32 + b'"' + b"[" * 50 + b'"' + b"]" * 32)


def test_eighteen_digits_pass():
    """All that fits is taken, and digits in texts or after a point are no integers."""
    check_json(
        b'[999999999999999999, -999999999999999999, "1234567890123456789012", 0.12345678901234567]'
    )


def test_many_brackets_side_by_side_pass():
    """Width is not depth."""
    check_json(b"[" + b",".join([b"[]"] * 5000) + b"]")


def test_what_is_too_large_is_refused_before_it_is_read():
    """Size comes first: nothing looks at the bytes."""
    with pytest.raises(PayloadTooLarge) as caught:
        decode_strict(b"[" * 1001, Note, limit_bytes=1000)

    assert caught.value.details == {"limitBytes": 1000}


SCHEMA_ERRORS = [
    (b'{"text":1}', "$.text", "invalid_message"),
    (b'{"text":"a","secretive":1}', "$", "unknown_field"),
    (b'{"count":1}', "$", "invalid_message"),
    (b'{"text":"a","count":true}', "$.count", "invalid_message"),
    (b'{"text":"a","count":1.5}', "$.count", "invalid_message"),
    (b'["secretive"]', "$", "invalid_message"),
]


@pytest.mark.parametrize(("raw", "path", "code"), SCHEMA_ERRORS)
def test_an_error_names_the_place_and_not_the_input(raw: bytes, path: str, code: str):
    """What the sender wrote never comes back."""
    with pytest.raises(InvalidMessage) as caught:
        decode_strict(raw, Note)

    assert ({"path": path}, code) == (caught.value.details, caught.value.code)
    assert "secretive" not in caught.value.message


def test_an_error_names_the_place_in_a_list():
    """The path leads to the line that is wrong."""
    body = {"lines": [{"menuItemId": "018f0000-0000-7000-8000-000000000070", "quantity": 10_000}]}

    with pytest.raises(InvalidMessage) as caught:
        decode_strict(json.dumps(body).encode(), PlaceOrder)

    assert caught.value.details == {"path": "$.lines[0].quantity"} or caught.value.details == {
        "path": "$.lines[...].quantity"
    }
    assert "10000" not in caught.value.message


class _Wish(msgspec.Struct):
    """One field of each kind of rule."""

    name: Annotated[str, msgspec.Meta(min_length=3, max_length=5)]
    code: Annotated[str, msgspec.Meta(pattern="^a*$")] | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    many: Annotated[list[int], msgspec.Meta(max_length=2)] = []


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"{}", "The field `name` is missing (at $)."),
        (b'{"name":3}', "This has to be a text, not a whole number (at $.name)."),
        (b'{"name":"ab"}', "This has to have at least 3 characters (at $.name)."),
        (b'{"name":"abcdef"}', "This has to have at most 5 characters (at $.name)."),
        (
            b'{"name":"abc","code":"b"}',
            "This does not have the form that is expected here (at $.code).",
        ),
        (b'{"name":"abc","code":[]}', "This has to be a text or null, not a list (at $.code)."),
        (b'{"name":"abc","count":0}', "This has to be at least 1 (at $.count)."),
        (b'{"name":"abc","many":[1,2,3]}', "This has to have at most 2 entries (at $.many)."),
    ],
)
def test_what_does_not_fit_is_said_in_a_plain_sentence(raw: bytes, sentence: str):
    """Not in the words of the library."""
    with pytest.raises(InvalidMessage) as caught:
        decode_strict(raw, _Wish)

    assert caught.value.message == sentence
