"""Input that must be refused, as tables: what is sent, and the error that is the right answer.

`list_bad_texts` is JSON that is none, `list_bad_orders` orders that fit no schema or no rule,
`list_bad_frames` frames that are no message, and `list_misfits` takes one field after the other of
anything and puts in what does not belong there. REST and sockets get the same ones
(tests/integration/proofs/test_bad_input.py).
"""

import json
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import msgspec

from domain.commands import ItemUnits, LineDraft, ModifierChoice

DEPTH = 10_000
LONG_DIGITS = "9" * 400

Data = dict[str, Any]
_Values = tuple[Any, ...]


class BadText(NamedTuple):
    """JSON text that is refused before anybody looks at its meaning; in a socket, as `data`."""

    name: str
    text: str
    code: str


class BadBody(NamedTuple):
    """JSON that fits no schema, or no rule. status: of the REST answer."""

    name: str
    body: Any
    status: int
    code: str


class Misfit(NamedTuple):
    """Something good with one thing wrong in it."""

    name: str
    data: Data
    code: str


def list_bad_texts(line: Data) -> list[BadText]:
    """List malformed bodies of an order. line: a good line."""
    good = json.dumps(line)
    order = f'{{"lines":[{good}],"note":%s}}'
    at_table = f'{{"lines":[{good}],"tableNumber":%s}}'
    return [
        BadText("cut short", f'{{"lines":[{good}', "malformed_json"),
        BadText("nothing but a bracket", "{", "malformed_json"),
        BadText("something behind it", f'{{"lines":[{good}]}} []', "malformed_json"),
        BadText("a comma too many", f'{{"lines":[{good},]}}', "malformed_json"),
        BadText("single quotes", "{'lines':[]}", "malformed_json"),
        BadText("a comment", f'{{"lines":[{good}] /* hello */}}', "malformed_json"),
        BadText("NaN", at_table % "NaN", "malformed_json"),
        BadText("Infinity", at_table % "Infinity", "malformed_json"),
        BadText("-Infinity", at_table % "-Infinity", "malformed_json"),
        BadText("a leading zero", at_table % "01", "malformed_json"),
        BadText("a hexadecimal number", at_table % "0x1", "malformed_json"),
        BadText("a number of 19 digits", at_table % 2**63, "number_too_large"),
        BadText("a number of 400 digits", at_table % LONG_DIGITS, "number_too_large"),
        BadText(
            "the same key twice", f'{{"note":"a","lines":[{good}],"note":"b"}}', "duplicate_key"
        ),
        BadText(
            "the same key twice, once escaped",
            f'{{"note":"a","lines":[{good}],"n\\u006fte":"b"}}',
            "duplicate_key",
        ),
        BadText(
            "the same key twice in a line",
            f'{{"lines":[{good[:-1]},"quantity":2}}]}}',
            "duplicate_key",
        ),
        BadText("10,000 brackets", order % ("[" * DEPTH + "]" * DEPTH), "too_deep"),
        BadText(
            "5,000 objects in 5,000 lists",
            order % ('[{"":' * (DEPTH // 2) + "1" + "}]" * (DEPTH // 2)),
            "too_deep",
        ),
        BadText("10,000 brackets that never close", order % ("[" * DEPTH), "too_deep"),
        BadText("a high surrogate alone", order % r'"\ud83d"', "bad_text"),
        BadText("a low surrogate alone", order % r'"\udc4d"', "bad_text"),
        BadText("surrogates the wrong way round", order % r'"\udc4d\ud83d"', "bad_text"),
        BadText("NUL, escaped", order % r'"a\u0000b"', "bad_text"),
        BadText("escape, escaped", order % r'"\u001b[31m"', "bad_text"),
        BadText("a new line that is not escaped", order % '"a\nb"', "malformed_json"),
    ]


# Bytes that are no UTF-8; each stands inside a text.
BROKEN_UTF8: dict[str, bytes] = {
    "bytes that never occur": b"\xff\xfe",
    "a sequence cut short": b"\xe2\x82",
    "an overlong slash": b"\xc0\xaf",
    "a surrogate, encoded": b"\xed\xa0\x80",
    "Latin-1": "café".encode("latin-1"),
}


def list_bad_orders(line: Data, *, unknown_id: str) -> list[BadBody]:
    """List orders that fit no schema or no rule. line: a good one, with one modifier."""

    def with_line(**changes: Any) -> Data:
        return {"lines": [{**line, **changes}]}

    (modifier,) = line["modifiers"]
    schema: dict[str, Any] = {
        "61 lines": {"lines": [line] * 61},
        "31 modifiers": with_line(modifiers=[modifier] * 31),
        "a line as a text": {"lines": ["coffee"]},
        "a list": [],
        "a text": "order",
        "a number": 1,
        "true": True,
        "null": None,
    }
    unknown: dict[str, Any] = {
        "a discount": {"lines": [line], "discount": 100},
        "a total of the client's, as a float": {"lines": [line], "totalMinor": 0.01},
        "a price of the client's, as a float": with_line(unitPriceMinor=3.9),
        "a modifier's price": with_line(modifiers=[{**modifier, "priceMinor": 0}]),
        "another cafe's name": {"lines": [line], "cafeId": unknown_id},
    }
    rules = [
        BadBody("an unknown item", with_line(menuItemId=unknown_id), 422, "unknown_menu_item"),
        BadBody(
            "an unknown modifier",
            with_line(modifiers=[{"modifierId": unknown_id}]),
            422,
            "unknown_modifier",
        ),
        BadBody(
            "a modifier named twice", with_line(modifiers=[modifier] * 2), 422, "repeated_modifier"
        ),
        BadBody(
            "a modifier 9 times where one is the limit",
            with_line(modifiers=[{**modifier, "quantity": 9}]),
            422,
            "too_many_modifiers",
        ),
        BadBody(
            "a price that has changed",
            {"lines": [line], "quoteHash": "0" * 64},
            409,
            "price_changed",
        ),
        BadBody(
            "somebody else's table", {"lines": [line], "tableNumber": 12}, 422, "not_your_table"
        ),
    ]
    return [
        *(BadBody(name, body, 400, "invalid_message") for name, body in schema.items()),
        *(BadBody(name, body, 400, "unknown_field") for name, body in unknown.items()),
        *rules,
    ]


def list_bad_frames(line: Data, *, limit_bytes: int) -> dict[str, tuple[str | bytes, str]]:
    """List frames of a guest that are no message: name -> (frame, code). line: a good one."""
    data = {"lines": [line]}
    good = {"type": "place_order", "id": "bad-frame", "data": data}

    def change(**changes: Any) -> str:
        return json.dumps({**good, **changes})

    def leave_out(name: str) -> str:
        return json.dumps({key: value for key, value in good.items() if key != name})

    return {
        "an empty frame": ("", "malformed_json"),
        "plain words": ("hello", "malformed_json"),
        "a number alone": ("7", "invalid_message"),
        "a list of messages": (json.dumps([good]), "invalid_message"),
        "a message in a text": (json.dumps(json.dumps(good)), "invalid_message"),
        "no type": (leave_out("type"), "invalid_message"),
        "an unknown type": (change(type="eat"), "unknown_type"),
        "a type of the server's": (change(type="order_created"), "unknown_type"),
        "a type as a number": (change(type=1), "invalid_message"),
        "a type twice": (f'{{"type":"quote",{json.dumps(good)[1:]}', "duplicate_key"),
        "another namespace's type": (change(type="cancel_order"), "not_in_namespace"),
        "no id": (leave_out("id"), "invalid_message"),
        "an id as a number": (change(id=1), "invalid_message"),
        "an id as null": (change(id=None), "invalid_message"),
        "an empty id": (change(id=""), "invalid_message"),
        "a long id": (change(id="x" * 65), "invalid_message"),
        "a space in an id": (change(id="a b"), "invalid_message"),
        "no data": (leave_out("data"), "invalid_message"),
        "data as a text": (change(data=json.dumps(data)), "invalid_message"),
        "a field beside data": (change(cafeId="x"), "unknown_field"),
        "a heartbeat with more": ('{"type":"heartbeat","data":{"x":1}}', "unknown_field"),
        "a heartbeat that paints no ticket": (
            '{"type":"heartbeat","data":{"painted":{"tickets":{"x":1}}}}',
            "invalid_message",
        ),
        "a heartbeat with another sound": (
            '{"type":"heartbeat","data":{"painted":{"sound":"loud"}}}',
            "invalid_message",
        ),
        "a heartbeat of a text": ('{"type":"heartbeat","data":"x"}', "invalid_message"),
        "a heartbeat from true": (
            '{"type":"heartbeat","data":{"position":{"epoch":"x","seq":true}}}',
            "invalid_message",
        ),
        "a second authenticate": (
            '{"type":"authenticate","id":"x","data":{"token":"y"}}',
            "already_authenticated",
        ),
        "a room as a number": (
            '{"type":"join_order","id":"x","data":{"orderId":7}}',
            "invalid_message",
        ),
        "a room's table as true": (
            '{"type":"join_table","id":"x","data":{"tableNumber":true}}',
            "invalid_message",
        ),
        "a byte above the limit": (json.dumps(good).ljust(limit_bytes + 1), "too_large"),
    }


# What is wrong in a field, whichever command it stands in.
_NO_ID: _Values = (7, True, "coffee", "", [], {})
_NO_NUMBER: _Values = (1.0, 1.5, 1e300, True, False, "1", [], {})
_NO_COUNT: _Values = (0, -1, *_NO_NUMBER)
_NO_TEXT: _Values = (5, True, 1.5, [], {})
_NO_LIST: _Values = ({}, None, "x", 7, True, [7], ["x"], [None], [[]], [{}])
_NO_TIME: _Values = (True, 1.5, 1764000000, "tomorrow", "2026-13-01T00:00:00Z", [], {})
_NO_STATUS: _Values = ("eaten", 1, True, "", [], {})
_MISFITS: dict[str, _Values] = {
    **dict.fromkeys(("orderId", "ticketId", "itemId", "tableSessionId", "cafeId"), _NO_ID),
    **dict.fromkeys(("paymentId", "personId", "notificationId", "intoSessionId"), _NO_ID),
    **dict.fromkeys(("menuItemId", "modifierId", "deviceId"), _NO_ID),
    **dict.fromkeys(("quantity", "tableNumber"), (10_000, *_NO_COUNT)),
    **dict.fromkeys(("expectedVersion", "roundNumber"), _NO_COUNT),
    "orderNumber": _NO_NUMBER,
    # None of these: nobody had to consent, and the screen was not measured.
    "consentId": ("", "x", 7, "g" * 36, {}, []),
    "diagonalMm": (149, 4001, 4.2, "200", {}, []),
    "distanceCm": (29, 1001, 4.2, "200", {}, []),
    "stars": (0, 6, 4.2, "5", None, {}, []),
    "word": (*_NO_TEXT, "é" * 201),
    "opensAt": ({}, "07:30", 7, None, [], ["07:30"] * 8, ["7:30"] * 7, ["24:00"] * 7, [7] * 7),
    "graceS": (-1, 121, 4.2, "5", None, {}, []),
    "holdsInGrace": (0, 1, "true", None, [], {}),
    **dict.fromkeys(("amountMinor", "tenderedMinor"), (10**11 + 1, 4.2, "4.20", *_NO_COUNT)),
    **dict.fromkeys(("isSoldOut", "withCredit", "removeRoles"), (0, 1, "true", None, [], {})),
    "mayShowInitial": (0, 1, "true", None, [], {}),
    # None counts nothing.
    "left": (0, -1, 1000, 4.2, "4", True, [], {}),
    # None is without an end, and never.
    **dict.fromkeys(("minutes", "limitMinutes"), (0, 241, 4.2, "5", True, [], {})),
    # None leaves a field of an edited dish as it is.
    "name": (*_NO_TEXT, "", " ", "a\nb", "é" * 81),
    "kitchenName": (*_NO_TEXT, "", " ", "é" * 19),
    "description": (*_NO_TEXT, "é" * 401),
    "priceMinor": (-1, 10_000_001, 4.2, "4.20", True, [], {}),
    "prepS": (-1, 14_401, 1.5, "60", True, [], {}),
    **dict.fromkeys(("stationId", "partnerId"), ("", "x", "x" * 36, 7, True, [], {})),
    "toStationId": _NO_ID,
    "patienceS": (14, 3601, *_NO_COUNT),
    "allergens": ({}, "milk", 7, True, ["cheese"], [7], [None], ["milk"] * 15),
    "diets": ({}, "vegan", 7, True, ["pork"], [7], [None], ["vegan"] * 4),
    "isListed": (0, 1, "true", [], {}),
    "method": ("gold", 1, True, None, [], {}),
    "sandboxCard": ("stolen", 1, True, [], {}),
    "lines": ([], *_NO_LIST),
    "items": ([], *_NO_LIST),
    "modifiers": _NO_LIST,
    "roles": ({}, "counter", 7, True, ["waiter"], [7], [None]),
    "customerName": (*_NO_TEXT, None, " ", "a ", "a\nb", "é" * 41),
    # None and {}: it is made at once, or when somebody fires it.
    "hold": (7, True, "x", [], {"firesInS": 59}),
    "firesInS": (59, 7_201, 1.5, "600", True, [], {}),
    "note": (*_NO_TEXT, "é" * 201),
    "allergy": (*_NO_TEXT, "é" * 61),
    "quoteHash": (*_NO_TEXT, "x" * 65),
    "reason": (*_NO_TEXT, "é" * 121),
    "statusChangeReason": (*_NO_TEXT, "é" * 121),
    "updatedBy": (*_NO_TEXT, "x" * 201),
    "until": _NO_TIME,
    "estimatedReadyTime": _NO_TIME,
    "title": (*_NO_TEXT, None, "", " ", "é" * 81),
    "message": (*_NO_TEXT, None, "é" * 501),
    "priority": ("loud", 1, True, None, [], {}),
    **dict.fromkeys(
        ("includeRoles", "excludeRoles"),
        ({}, "counter", 7, True, None, ["customer"], ["board"], [7], [None], ["staff"] * 9),
    ),
    "excludeUsers": ({}, "x", 7, True, None, ["x"], [7], [None], ["x" * 36], ["0" * 36] * 101),
    "lastsMinutes": (4, 1441, 5.5, "60", True, None, [], {}),
    "newStatus": _NO_STATUS,
    "previousStatus": _NO_STATUS,
    "email": (*_NO_TEXT, None, "a", "x" * 255),
    "password": (*_NO_TEXT, None, "", "x" * 201),
    "pin": (*_NO_TEXT, None, "", "1" * 21),
    "userCode": (*_NO_TEXT, None, "BCDF", "B" * 21),
    "role": ("owner", "waiter", 7, True, None, [], {}),
    **dict.fromkeys(("deviceCode", "credential"), (*_NO_TEXT, None, "short", "x" * 101)),
    "refreshToken": (*_NO_TEXT, None, "", "x" * 201),
    "namespace": ("cellar", 7, True, None, [], {}),
    "tableCode": (*_NO_TEXT, None, "short", "x" * 65),
}
_PARTS: dict[str, type[msgspec.Struct]] = {
    "lines": LineDraft,
    "modifiers": ModifierChoice,
    "items": ItemUnits,
}


def list_misfits(
    kind: type[msgspec.Struct], data: Data, *, elsewhere: Collection[str] = ()
) -> Iterator[Misfit]:
    """Break something good in every way, one at a time, the parts within it too.

    elsewhere: fields that do not stand in it, but in its address.
    """
    yield Misfit("an unknown field", {**data, "surprise": 1}, "unknown_field")
    for field in msgspec.structs.fields(kind):
        name = field.encode_name
        if name in elsewhere:
            yield Misfit(f"{name} once more", {**data, name: "x" * 36}, "unknown_field")
            continue
        if field.required:
            rest = {key: value for key, value in data.items() if key != name}
            yield Misfit(f"no {name}", rest, "invalid_message")
        for value in _MISFITS[name]:
            shown = repr(value)[:20]
            yield Misfit(f"{name} = {shown}", {**data, name: value}, "invalid_message")
        if name in _PARTS and data.get(name):
            first, *others = data[name]
            for each in list_misfits(_PARTS[name], first):
                yield Misfit(
                    f"{name}: {each.name}", {**data, name: [each.data, *others]}, each.code
                )
