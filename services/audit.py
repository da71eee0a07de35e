"""Read back what units of work have audited. Writing is `unit.audit`; rows are never changed.

A fact holds ids, so that what is erased stays erased; `read_audit` looks up what they are called
now: one query for each kind of thing, however many facts.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from domain.views.base import View
from models.fields import from_unix_ms
from models.rows import fetch_rows
from services.audit_search import AuditSearch, Condition, list_conditions
from services.unit_of_work import UnitOfWork


class NotedFact(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened outside of any operation, such as a refusal."""

    kind: str
    details: dict[str, str | int]


class AuditSubject(StrEnum):
    """What somebody wants to read about."""

    MONEY = "money"
    ORDERS = "orders"
    MENU = "menu"
    ACCESS = "access"
    LIMITS = "limits"
    NOTICES = "notices"


# A fact of no subject shows among all of them.
KINDS: dict[AuditSubject, frozenset[str]] = {
    AuditSubject.MONEY: frozenset(
        {
            "payment_cancelled",
            "payment_declined",
            "payment_refunded",
            "refund_failed",
            "payment_mismatch",
            "payment_captured_after_end",
        }
    ),
    AuditSubject.ORDERS: frozenset(
        {
            "items_voided",
            "items_remade",
            "items_held",
            "items_fired",
            "ticket_rushed",
            "rush_withdrawn",
            "served_unprepared",
            "order_cancelled",
            "round_approved",
            "round_rejected",
            "table_moved",
            "table_session_closed",
            "left_orders_served",
            "station_moved",
            "station_returned",
            "grace_set",
            "opening_times_set",
        }
    ),
    AuditSubject.MENU: frozenset(
        {
            "availability_changed",
            "ordering_paused",
            "ordering_resumed",
            "busy_limit_set",
            "menu_item_edited",
            "modifier_edited",
        }
    ),
    AuditSubject.ACCESS: frozenset(
        {
            "shift_started",
            "shift_ended",
            "sign_in",
            "sign_out",
            "refresh_token_reused",
            "sign_in_ended",
            "person_invited",
            "invitation_withdrawn",
            "invitation_accepted",
            "roles_changed",
            "person_revoked",
            "everybody_revoked",
            "cafe_created",
            "owner_created",
            "device_paired",
            "device_updated",
            "device_revoked",
            "failover_set",
            "pin_set",
        }
    ),
    AuditSubject.LIMITS: frozenset(
        {"rate_limit_exceeded", "max_connections_exceeded", "suspicious_activity"}
    ),
    AuditSubject.NOTICES: frozenset({"notice_sent", "notification_resolved"}),
}

# What ids are called: each query is given the ids in the place of {}, then the cafe. People belong
# to no cafe: they are asked for by the ids in this cafe's own facts.
_PEOPLE_QUERY = """
SELECT person.id, personal_data.name FROM person
JOIN personal_data ON personal_data.id = person.personal_data_id WHERE person.id IN ({})
"""
_LANES_QUERY = """
SELECT lane.id, cafe_table.label FROM lane
JOIN table_session ON table_session.id = lane.table_session_id
JOIN cafe_table ON cafe_table.id = table_session.table_id
WHERE lane.id IN ({}) AND lane.cafe_id = ?
"""
_SEATINGS_QUERY = """
SELECT table_session.id, cafe_table.label FROM table_session
JOIN cafe_table ON cafe_table.id = table_session.table_id
WHERE table_session.id IN ({}) AND table_session.cafe_id = ?
"""
_DEVICES_QUERY = "SELECT id, name FROM device WHERE id IN ({}) AND cafe_id = ?"
_STATIONS_QUERY = "SELECT id, name FROM station WHERE id IN ({}) AND cafe_id = ?"
_ITEMS_QUERY = "SELECT id, name FROM menu_item WHERE id IN ({}) AND cafe_id = ?"
_OPTIONS_QUERY = "SELECT id, name FROM modifier WHERE id IN ({}) AND cafe_id = ?"
_ORDERS_QUERY = "SELECT id, number FROM orders WHERE id IN ({}) AND cafe_id = ?"
_PAYMENTS_QUERY = """
SELECT payment.id, orders.number, payment.amount_minor FROM payment
JOIN orders ON orders.id = payment.order_id WHERE payment.id IN ({}) AND payment.cafe_id = ?
"""
_REFUNDS_QUERY = """
SELECT refund.id, orders.number, refund.amount_minor FROM refund
JOIN orders ON orders.id = refund.order_id WHERE refund.id IN ({}) AND refund.cafe_id = ?
"""


class AuditFactView(View, frozen=True):
    """A fact with the names of what it is about; "" or None for what it is not about.

    who: a person's or a screen's name, "" for the system and for whom was erased; is_guest: table
    has the label of where they sat. thing: the name of a menu item, an option, a station, a
    person or a screen. amount_minor: of a
    payment or refund, in `currency`.
    """

    entry_id: str
    at: datetime
    kind: str
    principal: str
    who: str
    table: str
    order_number: int | None
    thing: str
    amount_minor: int | None
    currency: str
    details: dict[str, Any]

    @property
    def is_guest(self) -> bool:
        return self.principal.startswith("lane:")

    @property
    def is_system(self) -> bool:
        return self.principal == "system"


class AuditPage(View, frozen=True):
    """facts: newest first. next_before_id: where the next page begins, None after the last."""

    facts: list[AuditFactView]
    next_before_id: str | None


def note_fact(unit: UnitOfWork, fact: NotedFact) -> None:
    """Keep a fact that no operation of its own has.

    One about nobody who is known belongs to the only cafe of the installation; where there are
    several nobody can say which of them was meant, and it is in the log and the metrics alone.
    """
    if not unit.has_identity:
        cafes = fetch_rows("SELECT id FROM cafe LIMIT 2")
        if len(cafes) != 1:
            return
        unit.enter_cafe(cafes[0][0])
    unit.audit(fact.kind, **fact.details)


def choose_kinds(subject: AuditSubject | None, kind: str) -> frozenset[str] | None:
    """Return the kinds of a subject, of them one; None where neither is chosen."""
    if not kind:
        return None if subject is None else KINDS[subject]
    return frozenset({kind}) if subject is None else KINDS[subject] & {kind}


def read_audit(
    cafe_id: str, *, limit: int, before_id: str | None = None, search: AuditSearch | None = None
) -> AuditPage:
    """Read a cafe's audit, newest first; for `runner.read`.

    before_id: the last fact of the page before; after one that the cafe does not have is nothing.
    """
    rows = _fetch_facts(
        cafe_id, limit=limit + 1, before_id=before_id, search=search or AuditSearch()
    )
    facts = [_Fact(*row[:4], details=json.loads(row[4])) for row in rows[:limit]]
    names = _read_names(cafe_id, facts)
    return AuditPage(
        facts=[_build_view(fact, names) for fact in facts],
        next_before_id=facts[-1].entry_id if len(rows) > limit else None,
    )


def to_camel_case(name: str) -> str:
    """Write a name as JSON does: `order_id` is `orderId`."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


class _Fact:
    """A row, and the ids in it by what they are ids of; details write them in two ways."""

    __slots__ = ("at", "details", "entry_id", "kind", "principal")

    def __init__(
        self, entry_id: str, at: int, kind: str, principal: str, *, details: dict[str, Any]
    ) -> None:
        self.entry_id = entry_id
        self.at = from_unix_ms(at)
        self.kind = kind
        self.principal = principal
        self.details = details

    def find_id(self, name: str) -> str | None:
        """name: as in `order_id`; None where the fact is not about such a thing."""
        found = self.details.get(name)
        if found is None:
            found = self.details.get(to_camel_case(name))
        return found if isinstance(found, str) else None


class _Names(msgspec.Struct, frozen=True, kw_only=True):
    """By id: names of people, labels of tables of lanes and seatings, names on the menu and of
    stations and screens, numbers of orders, and (order number, amount) of payments and refunds."""

    people: dict[str, str]
    tables: dict[str, str]
    things: dict[str, str]
    devices: dict[str, str]
    orders: dict[str, int]
    money: dict[str, tuple[int, int]]
    currency: str


def _fetch_facts(
    cafe_id: str, *, limit: int, before_id: str | None, search: AuditSearch
) -> list[tuple[Any, ...]]:
    all_kinds = frozenset().union(*KINDS.values())
    conditions = list_conditions(cafe_id, search, all_kinds=all_kinds)
    if before_id is not None:
        # Ids of one millisecond are in the order of their making, and `at` is what has an index.
        conditions.append(
            Condition(
                "(at, id) < (SELECT at, id FROM audit_entry WHERE id = ? AND cafe_id = ?)",
                (before_id, cafe_id),
            )
        )
    return fetch_rows(
        "SELECT id, at, kind, principal, details FROM audit_entry"  # noqa: S608 - place-holders
        f" WHERE {' AND '.join(each.sql for each in conditions)}"
        " ORDER BY at DESC, id DESC LIMIT ?",
        (*(value for each in conditions for value in each.values), limit),
    )


def _read_names(cafe_id: str, facts: Collection[_Fact]) -> _Names:
    people = _find_ids(facts, "person_id") | _list_principals(facts, "person")
    menu = _find_ids(facts, "menu_item_id"), _find_ids(facts, "modifier_id")
    money = _find_ids(facts, "payment_id"), _find_ids(facts, "refund_id")
    ((currency,),) = fetch_rows("SELECT currency FROM cafe WHERE id = ?", (cafe_id,))
    return _Names(
        people=dict(_look_up(_PEOPLE_QUERY, people)),
        tables=dict(
            _look_up(_LANES_QUERY, _list_principals(facts, "lane"), cafe_id)
            + _look_up(_SEATINGS_QUERY, _find_ids(facts, "table_session_id"), cafe_id)
        ),
        things=dict(
            _look_up(_ITEMS_QUERY, menu[0], cafe_id)
            + _look_up(_OPTIONS_QUERY, menu[1], cafe_id)
            + _look_up(_STATIONS_QUERY, _find_ids(facts, "station_id"), cafe_id)
        ),
        devices=dict(
            _look_up(
                _DEVICES_QUERY,
                _find_ids(facts, "device_id") | _list_principals(facts, "device"),
                cafe_id,
            )
        ),
        orders=dict(_look_up(_ORDERS_QUERY, _find_ids(facts, "order_id"), cafe_id)),
        money={
            key: (number, amount)
            for key, number, amount in _look_up(_PAYMENTS_QUERY, money[0], cafe_id)
            + _look_up(_REFUNDS_QUERY, money[1], cafe_id)
        },
        currency=currency,
    )


def _look_up(query: str, ids: Collection[str], *cafe_id: str) -> list[tuple[Any, ...]]:
    return fetch_rows(query.format(_places(ids)), (*sorted(ids), *cafe_id)) if ids else []


def _places(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def _find_ids(facts: Iterable[_Fact], name: str) -> set[str]:
    found = (fact.find_id(name) for fact in facts)
    return {each for each in found if each is not None}


def _list_principals(facts: Iterable[_Fact], kind: str) -> set[str]:
    principals = (fact.principal.partition(":") for fact in facts)
    return {key for word, _, key in principals if word == kind}


def _build_view(fact: _Fact, names: _Names) -> AuditFactView:
    key = fact.principal.partition(":")[2]
    money = _find(names.money, fact, "refund_id", "payment_id")
    number, amount_minor = money if money is not None else (None, None)
    return AuditFactView(
        entry_id=fact.entry_id,
        at=fact.at,
        kind=fact.kind,
        principal=fact.principal,
        who=names.people.get(key) or names.devices.get(key, ""),
        table=names.tables.get(key) or _find(names.tables, fact, "table_session_id") or "",
        order_number=_find(names.orders, fact, "order_id") or number,
        thing=_find(names.things, fact, "menu_item_id", "modifier_id", "station_id")
        or _find(names.people, fact, "person_id")
        or _find(names.devices, fact, "device_id")
        or "",
        amount_minor=amount_minor,
        currency=names.currency,
        details=fact.details,
    )


def _find(names: dict[str, Any], fact: _Fact, *kinds: str) -> Any:
    """Return what the first of these ids is called, None where the fact has none that is known."""
    ids = (fact.find_id(kind) for kind in kinds)
    return next((names[each] for each in ids if each in names), None)
