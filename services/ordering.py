"""Submitting: quote, place an order, add a round.

A seating has one order at a time: who submits again adds a round to it, with tickets and a timer
of its own, whether they say `place_order` or `add_round`. After a cancelled, rejected or expired
order the next submit begins a new one. A sale at the counter is always a new order. What is
recorded is the table in domain/order_changes.py.
"""

import msgspec

from domain.commands import AddRound, CourseHold, LineDraft, PlaceOrder, Quote
from domain.contacts import check_may_be_named
from domain.courses import make_course_hold, show_held
from domain.errors import AuthorizationDenied, Conflict, UnprocessableInput
from domain.menu import choose_lines
from domain.order_changes import Cause, Created, RoundAdded
from domain.orders import Hold, Item, Order, Round
from domain.pricing import PricedLine, build_quote, price_lines
from domain.rounds import check_open_for_rounds, find_holds, fire_if_free
from domain.statuses import Channel, ItemStatus, RoundStatus
from domain.views.money import QuoteView
from domain.views.orders import OrderView
from domain.voids import find_undo_until
from models.rows import fetch_rows
from services.cafes import CafeRules, read_cafe
from services.contacts import call_by, keep_name
from services.dish_counts import find_left
from services.menu_books import MenuBook, get_menu_book
from services.order_changes import (
    OpenedOrder,
    name_actor,
    open_new_order,
    open_order,
    save_order,
)
from services.seatings import (
    Seating,
    find_order_of_seating,
    find_seating,
    find_seating_at,
    find_seating_id,
    get_table,
    lock_seating,
    open_seating,
    verify_seating,
)
from services.unit_of_work import UnitOfWork


def quote(unit: UnitOfWork, command: Quote) -> QuoteView:
    """Say what lines would cost now; changes nothing."""
    cafe = read_cafe(unit.cafe_id)
    book = get_menu_book(cafe)
    chosen = choose_lines(
        book.catalogue,
        command.lines,
        now=unit.now,
        left=_find_left(unit, book, command),
        is_guest=unit.identity.is_guest,
    )
    lines, totals = price_lines(chosen, cafe.terms)
    return build_quote(lines, totals, menu_version=book.menu.menu_version)


def place_order(unit: UnitOfWork, command: PlaceOrder) -> OrderView:
    """Submit lines: the first round of a new order, or another one of the seating's order."""
    cafe = read_cafe(unit.cafe_id)
    seating = _find_seating(unit, command)
    order_id = None
    if command.customer_name:
        check_may_be_named(seating.table_session_id if seating else None)
    if seating is not None:
        order_id = find_order_of_seating(cafe.cafe_id, seating.table_session_id)
    if order_id is not None:
        return _add_round(unit, cafe, open_order(unit, order_id), seating, command)
    order = _begin_order(unit, cafe, seating)
    if command.customer_name:
        call_by(order, command)
    opened = open_new_order(unit, order)
    added, counted = _submit(unit, cafe, order, seating, command)
    cause = Cause(updated_by=name_actor(unit), facts=(Created(), *_name_rounds(added[1:])))
    view = save_order(unit, opened, cause, counted=counted)
    if command.customer_name:
        keep_name(unit, cafe, order, name=command.customer_name)
    return view


def add_round(unit: UnitOfWork, command: AddRound) -> OrderView:
    """Submit lines to an order that stands. A guest's is their own seating's."""
    cafe = read_cafe(unit.cafe_id)
    seating = None
    seating_id = find_seating_id(cafe.cafe_id, command.order_id)
    if seating_id is not None:
        seating = find_seating(cafe.cafe_id, seating_id)
    opened = open_order(unit, command.order_id)
    if seating_id is not None and seating is None:
        raise Conflict("This table was closed. Begin a new order.", code="table_session_closed")
    return _add_round(unit, cafe, opened, seating, command)


def _find_seating(unit: UnitOfWork, command: PlaceOrder) -> Seating | None:
    """Lock the seating that is ordered for; None for a sale at the counter."""
    if unit.identity.is_guest:
        assert unit.identity.table_session_id is not None
        seating = lock_seating(unit.cafe_id, unit.identity.table_session_id)
        if command.table_number not in (None, seating.table.number):
            raise UnprocessableInput(
                "Scan the code of that table to order for it.",
                code="not_your_table",
                details={"tableNumber": seating.table.number},
            )
        return seating
    if command.table_number is None:
        return None
    table = get_table(unit.cafe_id, command.table_number)
    return find_seating_at(table) or open_seating(unit, table, is_verified=True)


def _begin_order(unit: UnitOfWork, cafe: CafeRules, seating: Seating | None) -> Order:
    business_date = cafe.find_business_date(unit.now)
    return Order(
        order_id=unit.new_id(),
        cafe_id=cafe.cafe_id,
        number=_take_number(cafe.cafe_id, business_date.isoformat()),
        business_date=business_date,
        channel=Channel.COUNTER if seating is None else Channel.TABLE,
        terms=cafe.terms,
        submitted_at=unit.now,
        stations={},
        table_id=seating.table.table_id if seating else None,
        table_number=seating.table.number if seating else None,
        table_label=seating.table.label if seating else "",
        table_area=seating.table.area if seating else "",
        table_session_id=seating.table_session_id if seating else None,
        lane_id=unit.identity.lane_id,
        person_id=unit.identity.person_id,
    )


def _add_round(
    unit: UnitOfWork,
    cafe: CafeRules,
    opened: OpenedOrder,
    seating: Seating | None,
    command: PlaceOrder | AddRound,
) -> OrderView:
    check_open_for_rounds(opened.order)
    added, counted = _submit(unit, cafe, opened.order, seating, command)
    cause = Cause(updated_by=name_actor(unit), facts=_name_rounds(added))
    return save_order(unit, opened, cause, counted=counted)


def _submit(
    unit: UnitOfWork,
    cafe: CafeRules,
    order: Order,
    seating: Seating | None,
    command: PlaceOrder | AddRound,
) -> tuple[list[Round], frozenset[str]]:
    """Price the lines, hang them on the order, and fire them if nothing holds them.

    What the house holds are rounds of their own, one for each time that it is to come.
    Returns the rounds, and which dishes of their menu are counted down.
    """
    book = get_menu_book(cafe)
    _check_holds(unit, command.lines)
    lines = _price(unit, cafe, book, order, command)
    # Stations of new lines join those of the lines that are there, in the kitchen's order.
    order.stations = {
        station_id: station
        for station_id, station in book.stations.items()
        if station_id in order.stations or any(line.item.station_id == station_id for line in lines)
    }
    by_hold: dict[CourseHold | None, list[PricedLine]] = {}
    for draft, line in zip(command.lines, lines, strict=True):
        by_hold.setdefault(draft.hold, []).append(line)
    # What is made now is the first round, and has the gate that any round has.
    in_order = sorted(by_hold.items(), key=lambda each: each[0] is not None)
    return [
        _add(unit, cafe, book, order, seating, command, hold=hold, lines=mine)
        for hold, mine in in_order
    ], book.counted


def _add(
    unit: UnitOfWork,
    cafe: CafeRules,
    book: MenuBook,
    order: Order,
    seating: Seating | None,
    command: PlaceOrder | AddRound,
    *,
    hold: CourseHold | None,
    lines: list[PricedLine],
) -> Round:
    added = Round(
        round_id=unit.new_id(),
        number=len(order.rounds) + 1,
        status=RoundStatus.SUBMITTED,
        submitted_at=unit.now,
        menu_version=book.menu.menu_version,
        lane_id=unit.identity.lane_id,
        lane_number=_find_lane_number(unit),
        person_id=unit.identity.person_id,
        note=command.note,
        allergy=command.allergy,
        undo_until=find_undo_until(unit.now, grace_s=cafe.grace_s),
        holds=_find_holds(unit, cafe, seating),
    )
    order.rounds.append(added)
    order.items += [_build_item(unit, added, line) for line in lines]
    if hold is None:
        fire_if_free(order, added, now=unit.now, new_id=unit.new_id)
    else:
        added.holds.append(make_course_hold(fires_in_s=hold.fires_in_s, now=unit.now))
        show_held(order, added, now=unit.now, new_id=unit.new_id)
    return added


def _check_holds(unit: UnitOfWork, lines: list[LineDraft]) -> None:
    """Refuse a guest who holds: what comes when is agreed with whoever serves."""
    if unit.identity.is_guest and any(line.hold is not None for line in lines):
        raise AuthorizationDenied(
            "Ask at the counter to have something later.", code="hold_not_allowed"
        )


def _name_rounds(added: list[Round]) -> tuple[RoundAdded, ...]:
    return tuple(RoundAdded(round_number=each.number) for each in added)


def _price(
    unit: UnitOfWork,
    cafe: CafeRules,
    book: MenuBook,
    order: Order,
    command: PlaceOrder | AddRound,
) -> list[PricedLine]:
    """Price lines. Raises: Conflict `price_changed` when the guest was shown another price."""
    chosen = choose_lines(
        book.catalogue,
        command.lines,
        now=unit.now,
        left=_find_left(unit, book, command),
        is_guest=unit.identity.is_guest,
    )
    lines, totals = price_lines(chosen, cafe.terms, first_line_number=order.next_line_number)
    if command.quote_hash is not None:
        current = build_quote(lines, totals, menu_version=book.menu.menu_version)
        if command.quote_hash != current.quote_hash:
            raise Conflict(
                "A price has changed since you looked. Look at the new one and order again.",
                code="price_changed",
                details={"quote": msgspec.to_builtins(current)},
            )
    return lines


def _find_left(
    unit: UnitOfWork, book: MenuBook, command: Quote | PlaceOrder | AddRound
) -> dict[str, int]:
    wanted = [line.menu_item_id for line in command.lines]
    return find_left(unit.cafe_id, book, wanted, takes=not isinstance(command, Quote))


def _find_holds(unit: UnitOfWork, cafe: CafeRules, seating: Seating | None) -> list[Hold]:
    """Say what a round waits for: of guests alone, who are not seen while they order."""
    if not unit.identity.is_guest:
        if seating is not None and seating.verified_at is None:
            verify_seating(unit, seating.table_session_id)
        return []
    is_unknown = seating is not None and seating.verified_at is None
    grace_until = find_undo_until(unit.now, grace_s=cafe.grace_s) if cafe.holds_in_grace else None
    return find_holds(
        needs_approval=is_unknown and cafe.approve_first_order,
        grace_until=grace_until,
        now=unit.now,
    )


def _build_item(unit: UnitOfWork, added: Round, line: PricedLine) -> Item:
    return Item(
        item_id=unit.new_id(),
        line_number=line.line_number,
        round_number=added.number,
        menu_item_id=line.item.menu_item_id,
        name=line.item.name,
        kitchen_name=line.item.kitchen_name,
        plate=line.item.plate,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        modifiers=line.modifiers,
        note=line.note,
        rate=line.rate,
        tax_minor=line.tax_minor,
        status=ItemStatus.HELD,
        station_id=line.item.station_id,
        prep_s=line.item.prep_s,
        lane_id=added.lane_id,
    )


def _find_lane_number(unit: UnitOfWork) -> int | None:
    if unit.identity.lane_id is None:
        return None
    rows = fetch_rows(
        "SELECT number FROM lane WHERE id = ? AND cafe_id = ?",
        (unit.identity.lane_id, unit.cafe_id),
    )
    return rows[0][0] if rows else None


def _take_number(cafe_id: str, business_date: str) -> int:
    """Take the next order number of a business day; its row is locked until the commit."""
    rows = fetch_rows(
        "INSERT INTO order_number_counter (cafe_id, business_date, last_number) VALUES (?, ?, 1)"
        " ON CONFLICT (cafe_id, business_date)"
        " DO UPDATE SET last_number = order_number_counter.last_number + 1"
        " RETURNING last_number",
        (cafe_id, business_date),
    )
    return int(rows[0][0])
