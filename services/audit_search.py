"""What somebody looks for in the audit, as conditions of a query; `services.audit` reads by them.

A fact holds ids, so a name that is looked for is held against what those ids are called now: who
was erased is not found by their name any more. Nothing here reads a fact.
"""

import re
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec

from domain.business_day import find_day_bounds
from domain.errors import InvalidMessage
from models.base import database_proxy
from models.database import is_sqlite
from models.fields import to_unix_ms

GUESTS, SYSTEM = "guests", "system"
# Far beyond any audit, and far from where adding a day or a zone's offset would overflow.
_YEARS = range(1970, 3000)
_ORDER_NUMBER = re.compile(r"(?:order\s+)?#?([0-9]{1,9})", re.IGNORECASE)
# LIKE's escape; a backslash would be one more for each layer to think about.
_ESCAPE = "!"

_PEOPLE = """
SELECT person.id FROM person JOIN personal_data ON personal_data.id = person.personal_data_id
WHERE LOWER(personal_data.name) LIKE ? ESCAPE '!'
"""
_DEVICES = "SELECT id FROM device WHERE cafe_id = ? AND LOWER(name) LIKE ? ESCAPE '!'"
_ITEMS = "SELECT id FROM menu_item WHERE cafe_id = ? AND LOWER(name) LIKE ? ESCAPE '!'"
_OPTIONS = "SELECT id FROM modifier WHERE cafe_id = ? AND LOWER(name) LIKE ? ESCAPE '!'"
_SEATINGS = """
SELECT table_session.id FROM table_session JOIN cafe_table ON cafe_table.id = table_session.table_id
WHERE table_session.cafe_id = ? AND LOWER(cafe_table.label) LIKE ? ESCAPE '!'
"""
_LANES = (
    f"SELECT lane.id FROM lane WHERE lane.cafe_id = ? AND lane.table_session_id IN ({_SEATINGS})"  # noqa: S608 - text of our own
)
_ORDERS = "SELECT id FROM orders WHERE cafe_id = ? AND number = ?"
_PAYMENTS = f"SELECT id FROM payment WHERE cafe_id = ? AND order_id IN ({_ORDERS})"  # noqa: S608 - text of our own
_REFUNDS = f"SELECT id FROM refund WHERE cafe_id = ? AND order_id IN ({_ORDERS})"  # noqa: S608 - text of our own


class AuditSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What a fact must fit; all facts fit an empty one.

    kinds: any of them, None for every kind. by: `GUESTS`, `SYSTEM`, or the id of a person or a
    screen, who did it or whom it was done to. text: part of a name, a reason, an address or of the
    words of a kind, or an order's number. since, until: half-open.
    """

    kinds: frozenset[str] | None = None
    by: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Condition(NamedTuple):
    """Part of a WHERE, and its values."""

    sql: str
    values: tuple[object, ...]


def find_day_range(
    since: date | None, until: date | None, *, timezone: str
) -> tuple[datetime | None, datetime | None]:
    """Return the instants between which days lie by the clock on a cafe's wall; both days count.

    Raises: InvalidMessage for a day that no audit has.
    """
    if any(day is not None and day.year not in _YEARS for day in (since, until)):
        raise InvalidMessage(
            "Write a day like 2026-11-26, from 1970 to 2999.", code="invalid_query"
        )

    def bounds(day: date) -> tuple[datetime, datetime]:
        return find_day_bounds(day, timezone=timezone, cutoff_minutes=0)

    return (
        None if since is None else bounds(since)[0].astimezone(UTC),
        None if until is None else bounds(until)[1].astimezone(UTC),
    )


def list_conditions(
    cafe_id: str, search: AuditSearch, *, all_kinds: Collection[str]
) -> list[Condition]:
    """List what a cafe's fact must fit. all_kinds: the words that text is held against."""
    conditions = [Condition("cafe_id = ?", (cafe_id,))]
    if search.kinds is not None:
        conditions.append(_any_of("kind", sorted(search.kinds)))
    if search.since is not None:
        conditions.append(Condition("at >= ?", (to_unix_ms(search.since),)))
    if search.until is not None:
        conditions.append(Condition("at < ?", (to_unix_ms(search.until),)))
    if search.by:
        conditions.append(_fit_by(search.by))
    if search.text:
        conditions.append(_fit_text(cafe_id, search.text, all_kinds))
    return conditions


def _any_of(column: str, values: Collection[str]) -> Condition:
    # An empty IN () is an error of PostgreSQL; nothing fits no value.
    if not values:
        return Condition("1 = 0", ())
    return Condition(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))


def _fit_by(by: str) -> Condition:
    if by == GUESTS:
        return Condition("principal LIKE ?", ("lane:%",))
    if by == SYSTEM:
        # Whoever signs in is nobody yet while they do.
        return Condition("(principal = ? AND kind <> ?)", (SYSTEM, "sign_in"))
    return _either(
        [
            _any_of("principal", [f"person:{by}", f"device:{by}"]),
            *(Condition(f"{_detail(name)} = ?", (by,)) for name in ("person_id", "device_id")),
        ]
    )


def _fit_text(cafe_id: str, text: str, all_kinds: Collection[str]) -> Condition:
    pattern = f"%{_escape(text.lower())}%"
    words = {kind: kind.replace("_", " ") for kind in all_kinds}
    named = (cafe_id, pattern)
    fitting = [
        _any_of("kind", sorted(kind for kind in words if text.lower() in words[kind])),
        *(
            Condition(f"LOWER({_detail(name)}) LIKE ? ESCAPE '{_ESCAPE}'", (pattern,))
            for name in ("reason", "ip")
        ),
        Condition(f"{_detail('person_id')} IN ({_PEOPLE})", (pattern,)),
        Condition(f"{_detail('device_id')} IN ({_DEVICES})", named),
        Condition(f"{_detail('menu_item_id')} IN ({_ITEMS})", named),
        Condition(f"{_detail('modifier_id')} IN ({_OPTIONS})", named),
        Condition(f"{_detail('table_session_id')} IN ({_SEATINGS})", named),
        _fit_principal("person:", _PEOPLE, (pattern,)),
        _fit_principal("device:", _DEVICES, named),
        _fit_principal("lane:", _LANES, (cafe_id, *named)),
    ]
    numbered = _ORDER_NUMBER.fullmatch(text)
    if numbered is not None:
        order = (cafe_id, int(numbered[1]))
        fitting += [
            Condition(f"{_detail('order_id')} IN ({_ORDERS})", order),
            Condition(f"{_detail('payment_id')} IN ({_PAYMENTS})", (cafe_id, *order)),
            Condition(f"{_detail('refund_id')} IN ({_REFUNDS})", (cafe_id, *order)),
        ]
    return _either(fitting)


def _fit_principal(prefix: str, ids: str, values: tuple[object, ...]) -> Condition:
    # The id is cut out of the principal: ids put together with a prefix would find no index.
    return Condition(
        f"(principal LIKE ? AND SUBSTR(principal, {len(prefix) + 1}) IN ({ids}))",
        (f"{prefix}%", *values),
    )


def _either(conditions: Collection[Condition]) -> Condition:
    return Condition(
        f"({' OR '.join(each.sql for each in conditions)})",
        tuple(value for each in conditions for value in each.values),
    )


def _detail(name: str) -> str:
    """Write how the database takes a word out of details, which have each name in two ways."""
    database: Any = database_proxy.obj
    first, *others = name.split("_")
    spelled = first + "".join(word.capitalize() for word in others)
    take = _take_sqlite if is_sqlite(database) else _take_postgres
    return take(name) if spelled == name else f"COALESCE({take(name)}, {take(spelled)})"


_take_sqlite: Callable[[str], str] = "json_extract(details, '$.{}')".format
_take_postgres: Callable[[str], str] = "(CAST(details AS json) ->> '{}')".format


def _escape(text: str) -> str:
    return re.sub(r"[!%_]", lambda found: _ESCAPE + found[0], text)
