"""Orders without a database: made, fired and moved by the rules alone."""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from domain.identifiers import NewId, build_uuid7
from domain.order_changes import Cause, Created, begin_change, finish_change
from domain.orders import Item, Order, Round
from domain.rounds import find_holds, fire_if_free
from domain.statuses import Channel, ItemStatus, RoundStatus
from domain.taxes import PriceTerms
from tests.support.menus import BAR, INCLUSIVE, KITCHEN, NORMAL, REDUCED, STATIONS

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CAFE = build_uuid7(unix_ms=1_790_000_000_000, random_bits=1)
LANE = build_uuid7(unix_ms=1_790_000_000_000, random_bits=2)
SEATING = build_uuid7(unix_ms=1_790_000_000_000, random_bits=3)


def make_new_id() -> NewId:
    """Make a source of ids that counts from the same number each time."""
    numbers = itertools.count(100)
    return lambda: build_uuid7(unix_ms=1_790_000_000_000, random_bits=next(numbers))


def make_order(
    new_id: NewId,
    lines: Sequence[tuple[str, int]] = (("bar", 1), ("kitchen", 1)),
    *,
    needs_approval: bool = False,
    terms: PriceTerms = INCLUSIVE,
) -> Order:
    """Make an order with one round. lines: (station, quantity) each."""
    order = Order(
        order_id=new_id(),
        cafe_id=CAFE,
        number=7,
        business_date=date(2026, 11, 23),
        channel=Channel.TABLE,
        terms=terms,
        submitted_at=NOW,
        stations=dict(STATIONS),
        table_number=1,
        table_label="Table 1",
        table_session_id=SEATING,
    )
    change = begin_change(order, now=NOW, is_new=True)
    add_round(order, new_id, lines, needs_approval=needs_approval)
    finish_change(change, Cause(updated_by="customer", facts=(Created(),)), now=NOW)
    return order


def add_round(
    order: Order,
    new_id: NewId,
    lines: Sequence[tuple[str, int]],
    *,
    needs_approval: bool = False,
) -> Round:
    """Add a round and fire it if nothing holds it."""
    added = Round(
        round_id=new_id(),
        number=len(order.rounds) + 1,
        status=RoundStatus.SUBMITTED,
        submitted_at=NOW,
        menu_version=1,
        lane_id=LANE,
        lane_number=1,
        holds=find_holds(needs_approval=needs_approval, now=NOW),
    )
    order.rounds.append(added)
    for station, quantity in lines:
        order.items.append(_make_item(order, added, new_id(), station, quantity))
    fire_if_free(order, added, now=NOW, new_id=new_id)
    return added


def _make_item(order: Order, added: Round, item_id: str, station: str, quantity: int) -> Item:
    is_bar = station == "bar"
    return Item(
        item_id=item_id,
        line_number=order.next_line_number,
        round_number=added.number,
        menu_item_id=CAFE,
        name="Flat white" if is_bar else "Toastie",
        kitchen_name="Flat white" if is_bar else "Toastie",
        plate="",
        quantity=quantity,
        unit_price_minor=390 if is_bar else 890,
        modifiers=(),
        note="",
        rate=NORMAL if is_bar else REDUCED,
        tax_minor=None,
        status=ItemStatus.HELD,
        station_id=BAR.station_id if is_bar else KITCHEN.station_id,
        prep_s=120 if is_bar else 420,
        lane_id=added.lane_id,
    )


def change(order: Order, move: Callable[[], object], **cause: object) -> list[str]:
    """Let rules move an order and return the types of the events that follow."""
    begun = begin_change(order, now=NOW)
    move()
    events = finish_change(begun, Cause(**{"updated_by": "kitchen", **cause}), now=NOW).events  # type: ignore[arg-type]
    return [str(event.__struct_config__.tag) for event in events]
