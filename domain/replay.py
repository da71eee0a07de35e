"""The kitchen as it was: a pure fold of a cafe's events to a moment of the past.

A wall's tickets follow from the last view of each, and where stations were looked at from their
moves; both travel in events, so what is shown here is what the wall was sent. Nothing is asked of
the rows as they are now. Read by services/replay.py, shown by /admin/replay.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from domain.analytics import PartFacts, StationFacts, StationLoadView, measure_station
from domain.events import (
    KitchenOrderCompleted,
    KitchenOrderReceived,
    KitchenOrderStarted,
    KitchenTicketUpdated,
    LoggedEvent,
    OrderCreated,
    OrderRoundAdded,
    StationMoved,
    StationReturned,
)
from domain.kitchen import VOID_LIFE, is_on_board
from domain.statuses import ItemStatus, TicketStatus
from domain.views.base import Position
from domain.views.kitchen import (
    KitchenBoardView,
    StationMoveView,
    StationView,
    TicketItemView,
    TicketView,
)

# What the fold reads of a log, by the words that its rows have.
FOLDED_TYPES = tuple(
    str(each.__struct_config__.tag)
    for each in (
        KitchenOrderReceived,
        KitchenOrderStarted,
        KitchenOrderCompleted,
        KitchenTicketUpdated,
        OrderCreated,
        OrderRoundAdded,
        StationMoved,
        StationReturned,
    )
)
# A wall counts whole seconds: late is the first one that is more than the target.
_A_SECOND = timedelta(seconds=1)
_NEVER = datetime.max.replace(tzinfo=UTC)
_A_MICROSECOND = timedelta(microseconds=1)
_A_MINUTE = timedelta(minutes=1)
_AN_HOUR = timedelta(hours=1)
_TO_MAKE = (ItemStatus.QUEUED, ItemStatus.STARTED)


class DishSum(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a dish were still to be made. wishes: `2 OAT`, `1 NO egg`, the most first."""

    dish: str
    quantity: int
    wishes: list[str]


class ReplayedWall(msgspec.Struct, frozen=True, kw_only=True):
    """A wall at a moment. late: of its tickets, those past their target.

    loads: of each station whose tickets it shows, what is in front of it. all_day: what is still
    to be made, the most wanted dish first.
    """

    at: datetime
    board: KitchenBoardView
    late: int
    loads: list[StationLoadView]
    all_day: list[DishSum]

    @property
    def load(self) -> StationLoadView | None:
        """The station with the most to do; None where nothing is to be made."""
        return max(self.loads, key=lambda each: each.load_percent, default=None)


class LatePoint(msgspec.Struct, frozen=True, kw_only=True):
    """When a ticket of a wall became late, or came back late."""

    at: datetime
    ticket_id: str
    order_number: int
    station_name: str


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A wall's day. open_by_minute: the most tickets within each, from `begins_at` on.

    fullest_at: when there were first as many as ever that day.
    """

    begins_at: datetime
    open_by_minute: list[int]
    fullest_at: datetime
    late: list[LatePoint]

    @property
    def ends_at(self) -> datetime:
        return self.begins_at + _A_MINUTE * len(self.open_by_minute)


@dataclass(slots=True)
class KitchenPast:
    """What the events so far come to. last: the latest of them."""

    tickets: dict[str, TicketView] = field(default_factory=dict)
    moves: dict[str, StationMoveView] = field(default_factory=dict)
    last: LoggedEvent | None = None

    @property
    def position(self) -> Position:
        if self.last is None:
            return Position(epoch="", seq=0)
        return Position(epoch=self.last.epoch, seq=self.last.seq, event_id=self.last.event_id)

    def apply(self, logged: LoggedEvent) -> None:
        """Go on by the next event of the log."""
        self.last = logged
        ticket = _find_ticket(logged)
        if ticket is not None:
            self.tickets[ticket.ticket_id] = ticket
            return
        match logged.event:
            case StationMoved(move=move):
                self.moves[move.station_id] = move
            case StationReturned(move=move):
                self.moves.pop(move.station_id, None)

    def is_shown(self, ticket: TicketView, station_id: str | None) -> bool:
        """Say whether a station's wall shows a ticket's station now; None is the wall of all."""
        if station_id in (None, ticket.station_id):
            return True
        move = self.moves.get(ticket.station_id)
        return move is not None and move.shown_at_station_id == station_id

    def copy(self) -> "KitchenPast":
        return KitchenPast(dict(self.tickets), dict(self.moves), self.last)


@dataclass(slots=True)
class KitchenDay:
    """A day of a kitchen's log, to be looked at at any moment of it.

    opening: what stood when it began. happened: what its walls were told since, in the log's
    order. prep_s: what lines take, by line, and by dish for those that were made again.
    """

    begins_at: datetime
    opening: KitchenPast = field(default_factory=KitchenPast)
    happened: list[LoggedEvent] = field(default_factory=list)
    prep_s: dict[str, int] = field(default_factory=dict)

    def take_in(self, logged: LoggedEvent) -> None:
        """Go on by the next event of the log, which begins a day earlier (`VOID_LIFE`)."""
        match logged.event:
            case OrderCreated(order=order) | OrderRoundAdded(order=order):
                # It never changes for a line, so it needs no place in the order of events.
                for item in order.items:
                    self.prep_s[item.item_id] = self.prep_s[item.menu_item_id] = item.prep_s
            case _ if logged.at < self.begins_at:
                self.opening.apply(logged)
            case _:
                self.happened.append(logged)

    def find_prep_s(self, ticket: TicketView, item: TicketItemView) -> int:
        """Return what a line takes; of one whose order was sent too long ago, its ticket's time."""
        known = self.prep_s.get(item.item_id) or self.prep_s.get(item.menu_item_id)
        return ticket.target_s if known is None else known

    def list_named_stations(self) -> frozenset[str]:
        """List the ids of the stations that had tickets, former ones too."""
        told = (_find_ticket(logged) for logged in self.happened)
        return frozenset(ticket.station_id for ticket in told if ticket is not None)


def show_wall(
    day: KitchenDay,
    station: StationView | None,
    *,
    at: datetime,
    open_limit: int,
    finished_limit: int,
) -> ReplayedWall:
    """Show a station's wall, or that of all, as it was at a moment. The limits are the wall's."""
    past = day.opening.copy()
    for logged in day.happened:
        if logged.at <= at:
            past.apply(logged)
    station_id = None if station is None else station.station_id
    shown = [each for each in past.tickets.values() if past.is_shown(each, station_id)]
    tickets = [each for each in shown if _stands(each, at)]
    # As on the wall: the newest, and of one moment in the order of their ids.
    tickets = sorted(tickets, key=_get_queued)[-open_limit:]
    finished = [
        each
        for each in shown
        if each.status is TicketStatus.COMPLETED and _get_completed(each)[0] >= day.begins_at
    ]
    return ReplayedWall(
        at=at,
        board=KitchenBoardView(
            station=station,
            tickets=sorted(tickets, key=lambda ticket: ticket.rank),
            finished=sorted(finished, key=_get_completed, reverse=True)[:finished_limit],
            position=past.position,
            moves=[
                move
                for move in past.moves.values()
                if station_id in (None, move.station_id, move.shown_at_station_id)
            ],
        ),
        late=sum(_find_late_at(each) <= at for each in tickets),
        loads=_measure_loads(day, tickets, at),
        all_day=_sum_up([item for each in tickets for item in each.items]),
    )


def draw_timeline(day: KitchenDay, station_id: str | None, *, ends_at: datetime) -> Timeline | None:
    """Draw how many tickets a wall had in each minute of a day, and when which became late.

    From the hour of the day's first ticket to that in which the last one left; None for a day
    without any. ends_at: of the day, or now.
    """
    drawn = _Drawing(station_id=station_id, begins_at=day.begins_at, past=day.opening.copy())
    drawn.begin()
    for logged in sorted(day.happened, key=lambda each: (each.at, each.seq)):
        if logged.at >= ends_at:
            break
        drawn.go_on(logged)
    drawn.wait_until(ends_at)
    return drawn.build(ends_at)


@dataclass(slots=True, kw_only=True)
class _Drawing:
    """A time line under way. steps: how many tickets there were from a moment on.

    checks: when a ticket may become late or leave by itself, soonest first.
    """

    station_id: str | None
    begins_at: datetime
    past: KitchenPast
    seqs: dict[str, int] = field(default_factory=dict)
    on_wall: set[str] = field(default_factory=set)
    late_ids: set[str] = field(default_factory=set)
    checks: list[tuple[datetime, str]] = field(default_factory=list)
    late: list[LatePoint] = field(default_factory=list)
    steps: list[tuple[datetime, int]] = field(default_factory=list)

    def begin(self) -> None:
        """Put on the wall what stood when the day began; what was late by then is no news."""
        for ticket in self.past.tickets.values():
            self._place(ticket, self.begins_at)
            self._look_again(ticket, self.begins_at)
        self.late.clear()

    def go_on(self, logged: LoggedEvent) -> None:
        """Take in the next event by its time."""
        self.wait_until(logged.at)
        ticket = _find_ticket(logged)
        if ticket is None:
            self.past.apply(logged)
            if isinstance(logged.event, StationMoved | StationReturned):
                for each in self.past.tickets.values():
                    self._place(each, logged.at)
        elif self.seqs.get(ticket.ticket_id, 0) < logged.seq:
            # Units that ran side by side may have their times the other way round.
            self.seqs[ticket.ticket_id] = logged.seq
            self.past.apply(logged)
            self._place(ticket, logged.at)
            self._look_again(ticket, logged.at)

    def wait_until(self, at: datetime) -> None:
        """Let time pass in which nothing is told, but tickets become late."""
        while self.checks and self.checks[0][0] <= at:
            when, ticket_id = heapq.heappop(self.checks)
            self._place(self.past.tickets[ticket_id], when)

    def build(self, ends_at: datetime) -> Timeline | None:
        """Sum the steps up by minute, in the whole hours in which there were tickets."""
        steps = self._list_steps(ends_at)
        with_tickets = [(at, until) for at, until, count in steps if count]
        if not with_tickets:
            return None
        first_hour = (with_tickets[0][0] - self.begins_at) // _AN_HOUR
        hours = (with_tickets[-1][1] - _A_MICROSECOND - self.begins_at) // _AN_HOUR - first_hour + 1
        begins_at = self.begins_at + _AN_HOUR * first_hour
        most = [0] * (60 * hours)
        for at, until, count in steps:
            # It is the most of each minute that it reaches into; none has tickets outside of these.
            first = max(0, (at - begins_at) // _A_MINUTE)
            last = (until - _A_MICROSECOND - begins_at) // _A_MINUTE
            for minute in range(first, min(last + 1, len(most))):
                most[minute] = max(most[minute], count)
        fullest_at, _, _ = max(steps, key=lambda step: step[2])  # the first of them
        return Timeline(
            begins_at=begins_at, open_by_minute=most, fullest_at=fullest_at, late=self.late
        )

    def _list_steps(self, ends_at: datetime) -> list[tuple[datetime, datetime, int]]:
        """List from when until when there were how many, within the day."""
        ends = [at for at, _ in self.steps[1:]] + [ends_at]
        return [
            (at, until, count)
            for (at, count), until in zip(self.steps, ends, strict=False)
            if until > at
        ]

    def _look_again(self, ticket: TicketView, at: datetime) -> None:
        for when in (_find_late_at(ticket), ticket.queued_at + VOID_LIFE + _A_SECOND):
            if when > at:
                heapq.heappush(self.checks, (when, ticket.ticket_id))

    def _place(self, ticket: TicketView, at: datetime) -> None:
        """Put a ticket on the wall or take it off it, and note when it is late there."""
        ticket_id, before = ticket.ticket_id, len(self.on_wall)
        is_open = ticket.status is not TicketStatus.HELD and _stands(ticket, at)
        if is_open and self.past.is_shown(ticket, self.station_id):
            self.on_wall.add(ticket_id)
            if _find_late_at(ticket) <= at and ticket_id not in self.late_ids:
                self.late_ids.add(ticket_id)
                self.late.append(_describe_late(ticket, at))
        else:
            self.on_wall.discard(ticket_id)
            self.late_ids.discard(ticket_id)
        if len(self.on_wall) != before:
            self.steps.append((at, len(self.on_wall)))


def _describe_late(ticket: TicketView, at: datetime) -> LatePoint:
    return LatePoint(
        at=at,
        ticket_id=ticket.ticket_id,
        order_number=ticket.order_number,
        station_name=ticket.station_name,
    )


def _find_ticket(logged: LoggedEvent) -> TicketView | None:
    event = logged.event
    if isinstance(
        event,
        KitchenOrderReceived | KitchenOrderStarted | KitchenOrderCompleted | KitchenTicketUpdated,
    ):
        return event.ticket
    return None


def _stands(ticket: TicketView, at: datetime) -> bool:
    """Say whether a ticket was among the open ones; a void that nobody saw stands for a day."""
    if ticket.status is TicketStatus.CANCELLED and ticket.queued_at < at - VOID_LIFE:
        return False
    return is_on_board(ticket)


def _find_late_at(ticket: TicketView) -> datetime:
    """Return when a ticket is late: what is held never is."""
    if ticket.status is TicketStatus.HELD:
        return _NEVER
    return ticket.queued_at + timedelta(seconds=ticket.target_s) + _A_SECOND


def _get_queued(ticket: TicketView) -> tuple[datetime, str]:
    return ticket.queued_at, ticket.ticket_id


def _get_completed(ticket: TicketView) -> tuple[datetime, str]:
    return ticket.completed_at or ticket.queued_at, ticket.ticket_id


def _measure_loads(
    day: KitchenDay, tickets: Sequence[TicketView], at: datetime
) -> list[StationLoadView]:
    parts = [
        PartFacts(
            ticket_id=ticket.ticket_id,
            station_id=ticket.station_id,
            order_number=ticket.order_number,
            table_label=ticket.table_label,
            kitchen_name=item.name,
            quantity=item.quantity,
            prep_s=day.find_prep_s(ticket, item),
            queued_at=ticket.queued_at,
            started_at=item.started_at,
            target_s=ticket.target_s,
        )
        for ticket in tickets
        for item in ticket.items
        if item.status in _TO_MAKE
    ]
    names = {ticket.station_id: ticket.station_name for ticket in tickets}
    return [
        measure_station(StationFacts(station_id=station_id, name=name), parts, at)
        for station_id, name in names.items()
    ]


def _sum_up(items: Iterable[TicketItemView]) -> list[DishSum]:
    """Sum what is to be made up by dish, as the wall's rail does (static/js/core/all_day.js)."""
    quantities: Counter[str] = Counter()
    wishes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        if item.status not in _TO_MAKE:
            continue
        quantities[item.name] += item.quantity
        for modifier in item.modifiers:
            word = f"NO {modifier.kitchen_name}" if modifier.is_removal else modifier.kitchen_name
            wishes[item.name][word] += item.quantity
    return [
        DishSum(
            dish=dish,
            quantity=quantity,
            wishes=[f"{count} {word}" for word, count in _list_most(wishes[dish])],
        )
        for dish, quantity in _list_most(quantities)
    ]


def _list_most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
