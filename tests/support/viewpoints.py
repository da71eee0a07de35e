"""Which rows of the log a reader must have seen: the rooms said once more, without the product.

realtime/publications.py decides who gets what; this is the same decision written down a second
time from the specification (B2, C2), so that tests compare a stream with the log and not the
product with itself. Rows are those of GET /api/v1/events.
"""

from collections.abc import Callable, Iterable
from typing import Any

Row = dict[str, Any]
Sees = Callable[[Row], bool]

_NOTICES = "staff_notification"
_TOLD_IN_KITCHEN = ("menu_availability_changed", "menu_pause_changed", "menu_item_counted")
_FOR_GUESTS = ("order_ready", "dish_stock_changed")
_AVAILABILITY = ("menuItemId", "name", "kitchenName", "stationId", "isSoldOut", "soldOutUntil")


def sees_as_management(row: Row, *, role: str = "manager") -> bool:
    """All that happens in the cafe, but for what is said to guests alone.

    What staff are told is for the roles that it names.
    """
    kind = _read_type(row)
    return _is_told(row, role) if kind.startswith(_NOTICES) else kind not in _FOR_GUESTS


def sees_at_counter(row: Row) -> bool:
    """The same, but for what is told to other roles."""
    return sees_as_management(row, role="counter")


def sees_in_kitchen(row: Row) -> bool:
    """Tickets of all stations, what is sold out, and what the kitchen is told."""
    kind = _read_type(row)
    if kind.startswith(_NOTICES):
        return _is_told(row, "kitchen")
    return kind.startswith("kitchen_") or kind in _TOLD_IN_KITCHEN


def sees_on_board(row: Row) -> bool:
    """Numbers that are made and ready, and what changes on the menu but for what is left of it."""
    kind = _read_type(row)
    return kind != "menu_item_counted" and kind.startswith(("order_number_", "menu_", "dish_"))


def sees_as_guest(table_session_id: str, order_ids: Iterable[str]) -> Sees:
    """What the board shows, and all about the own seating and the orders whose rooms one is in."""
    own = frozenset(order_ids)

    def sees(row: Row) -> bool:
        event = row["event"]
        if sees_on_board(row):
            return True
        if event["type"].startswith("table_session_"):
            return table_session_id in (
                event.get("tableSessionId"),
                event["table"]["tableSessionId"],
            )
        if "order" not in event:
            return False
        order = event["order"]
        if order["orderId"] in own:
            return True
        return bool(order["tableSessionId"] == table_session_id) and sees_as_management(row)

    return sees


def find_differences(
    received: Iterable[dict[str, Any]], rows: Iterable[Row], *, after_seq: int, sees: Sees
) -> list[str]:
    """List how a stream departs from the log; empty when it is exactly the log.

    received: messages as they came, of all connections. after_seq: where the first one joined.
    """
    found = [message for message in received if "eventId" in message and "seq" in message]
    wanted = [row for row in rows if row["seq"] > after_seq and sees(row)]
    expected, actual = [_name(row) for row in wanted], [_name_message(each) for each in found]
    if expected != actual:
        missing, strange = _subtract(expected, actual), _subtract(actual, expected)
        return [f"missing {missing[:5]}, not in the log {strange[:5]}, or in another order"]
    return [
        f"seq {row['seq']} shows something else than the log"
        for row, message in zip(wanted, found, strict=True)
        if not _shows(message["data"], row["event"])
    ]


def _shows(data: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether a message holds its event's view; a board's number is all that its message says."""
    if "number" in event:
        # A public message leaves out an initial that nobody allowed.
        return bool({"initial": "", **data} == event["number"])
    if event["type"] == "menu_availability_changed":
        # Without prices: cooks hear it too.
        return all(event["item"].get(name) == data["item"].get(name) for name in _AVAILABILITY)
    return all(
        data[view] == event[view]
        for view in ("order", "ticket", "table", "item", "count", "pause")
        if view in event
    )


def _is_told(row: Row, role: str) -> bool:
    audience = row["event"]["audience"]
    return role in audience["includeRoles"] and role not in audience.get("excludeRoles", ())


def _read_type(row: Row) -> str:
    return str(row["event"]["type"])


def _name(row: Row) -> tuple[Any, ...]:
    return (row["seq"], row["eventId"], row["epoch"], row["event"]["type"])


def _name_message(message: dict[str, Any]) -> tuple[Any, ...]:
    return (message["seq"], message["eventId"], message["epoch"], message["type"])


def _subtract(these: list[tuple[Any, ...]], those: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    left = list(these)
    for each in those:
        if each in left:
            left.remove(each)
    return left
