"""The kitchen as it was at a moment, from events alone."""

from datetime import datetime, timedelta
from typing import get_args

import msgspec

from domain.events import (
    AnyEvent,
    KitchenOrderCompleted,
    KitchenOrderReceived,
    KitchenTicketUpdated,
    LoggedEvent,
    OrderCreated,
    StationMoved,
    StationReturned,
)
from domain.replay import FOLDED_TYPES, KitchenDay, KitchenPast, draw_timeline, show_wall
from domain.statuses import ItemStatus, Priority, TicketStatus
from domain.views.kitchen import StationView
from tests.support.made_views import (
    CAFE,
    EPOCH,
    NOON,
    STATION,
    make_id,
    make_item,
    make_move,
    make_order,
    make_ticket,
)

COLD = make_id(31)
BAR_VIEW = StationView(station_id=STATION, name="Bar", slug="bar", target_s=330)
COLD_VIEW = StationView(station_id=COLD, name="Cold", slug="cold", target_s=330)
TEN = NOON - timedelta(hours=2)


def after(minutes=0, seconds=0):
    return NOON + timedelta(minutes=minutes, seconds=seconds)


def ticket(number=1, *, queued=NOON, **changes):
    """A ticket of the bar; its late second is five minutes and 31 seconds after it came."""
    return make_ticket(
        ticket_id=make_id(500 + number), order_number=number, queued_at=queued, **changes
    )


def log(*happened: tuple[datetime, AnyEvent]) -> list[LoggedEvent]:
    """Write a log: (moment, event), in the order of their places."""
    return [
        LoggedEvent(
            cafe_id=CAFE,
            epoch=EPOCH,
            seq=seq,
            event_id=make_id(9000 + seq),
            at=at,
            user_id=None,
            event=event,
        )
        for seq, (at, event) in enumerate(happened, start=1)
    ]


def read(events) -> KitchenDay:
    day = KitchenDay(begins_at=TEN)
    for logged in events:
        day.take_in(logged)
    return day


def show(events, at, *, station=None, limit=200):
    return show_wall(read(events), station, at=at, open_limit=limit, finished_limit=40)


def numbers(wall):
    return [each.order_number for each in wall.board.tickets]


def draw(events, *, station_id=None, until=None):
    return draw_timeline(read(events), station_id, ends_at=until or NOON + timedelta(hours=3))


def test_a_wall_is_what_was_told_up_to_its_second():
    """A later event changes nothing; each ticket is as its last event before that showed it."""
    done = ticket(1, status=TicketStatus.COMPLETED, completed_at=after(4), version=2)
    events = log(
        (NOON, KitchenOrderReceived(ticket=ticket(1))),
        (after(1), KitchenOrderReceived(ticket=ticket(2, queued=after(1)))),
        (after(4), KitchenOrderCompleted(ticket=done)),
    )

    before, at, later = (
        show(events, NOON - timedelta(seconds=1)),
        show(events, after(3, 59)),
        show(events, after(4)),
    )

    assert (numbers(before), before.board.position.seq) == ([], 0)
    assert (numbers(at), at.board.position.seq) == ([1, 2], 2)
    assert (numbers(later), [each.order_number for each in later.board.finished]) == ([2], [1])
    assert at.board.tickets[0] == ticket(1)


def test_a_rush_comes_first_and_the_limits_are_the_walls():
    """As the wall orders its tickets, and of too many the newest."""
    rushed = ticket(3, queued=after(2), priority=Priority.URGENT, version=2)
    events = log(
        *(
            (after(number), KitchenOrderReceived(ticket=ticket(number, queued=after(number - 1))))
            for number in (1, 2, 3)
        ),
        (after(4), KitchenTicketUpdated(ticket=rushed, change="rush")),
    )

    assert numbers(show(events, after(3))) == [1, 2, 3]
    assert numbers(show(events, after(4))) == [3, 1, 2]
    assert numbers(show(events, after(4), limit=2)) == [3, 2]


def test_a_moved_station_is_seen_where_it_was_shown():
    """At its own wall and its partner's from the move on, until it is taken back."""
    events = log(
        (NOON, KitchenOrderReceived(ticket=ticket(1))),
        (after(1), StationMoved(move=make_move())),
        (after(2), StationReturned(move=make_move())),
    )

    shown = [
        (numbers(show(events, at, station=COLD_VIEW)), numbers(show(events, at, station=BAR_VIEW)))
        for at in (NOON, after(1), after(2))
    ]

    assert shown == [([], [1]), ([1], [1]), ([], [1])]
    assert show(events, after(1), station=COLD_VIEW).board.guests == [make_move()]
    timeline = draw(events, station_id=COLD)
    assert [minute for minute, count in enumerate(timeline.open_by_minute) if count] == [1]


def test_a_void_stands_until_it_was_seen_or_a_day_has_passed():
    """As on the wall."""
    (line,) = ticket().items
    void = msgspec.structs.replace(line, status=ItemStatus.VOIDED)
    seen = msgspec.structs.replace(void, void_seen=True)
    gone = ticket(1, status=TicketStatus.CANCELLED, completed_at=after(1), items=[void])
    events = log(
        (NOON, KitchenOrderReceived(ticket=ticket(1))),
        (after(1), KitchenTicketUpdated(ticket=gone, change="void")),
    )
    ticked = log(
        (NOON, KitchenOrderReceived(ticket=ticket(1))),
        (
            after(1),
            KitchenTicketUpdated(ticket=msgspec.structs.replace(gone, items=[seen]), change="void"),
        ),
    )

    assert numbers(show(events, after(2))) == [1]
    assert numbers(show(ticked, after(2))) == []
    assert numbers(show(events, NOON + timedelta(hours=24))) == [1]
    assert numbers(show(events, NOON + timedelta(hours=24, seconds=1))) == []


def test_what_is_in_front_is_what_the_lines_take():
    """By the times that their orders were sent with; a line in work by what is left of it."""
    order = make_order()
    (line,) = ticket().items
    started = msgspec.structs.replace(line, status=ItemStatus.STARTED, started_at=NOON)
    events = log(
        (NOON, OrderCreated(order=order)),
        (NOON, KitchenOrderReceived(ticket=ticket(1))),
        (after(1), KitchenTicketUpdated(ticket=ticket(1, items=[started]), change="item")),
    )
    prep_s = make_item().prep_s * line.quantity

    loads = [show(events, at).load for at in (NOON, after(1), after(9))]

    assert [each.load_percent for each in loads] == [round(prep_s / 6), round((prep_s - 60) / 6), 0]
    assert show([], NOON).load is None


def test_a_ticket_is_late_from_the_second_on_that_the_wall_says_so():
    """One second over its target, while it stands there; once, and again where it was recalled."""
    done = ticket(1, status=TicketStatus.COMPLETED, completed_at=after(10), version=2)
    back = ticket(1, is_recalled=True, version=3)
    quick = ticket(2, status=TicketStatus.COMPLETED, completed_at=after(1), version=2)
    events = log(
        (NOON, KitchenOrderReceived(ticket=ticket(1))),
        (NOON, KitchenOrderReceived(ticket=ticket(2))),
        (after(1), KitchenOrderCompleted(ticket=quick)),
        (after(10), KitchenOrderCompleted(ticket=done)),
        (after(12), KitchenTicketUpdated(ticket=back, change="recall")),
    )

    timeline = draw(events)

    assert [(each.order_number, each.at) for each in timeline.late] == [
        (1, after(5, 31)),
        (1, after(12)),
    ]
    assert [show(events, at).late for at in (after(5, 30), after(5, 31), after(10))] == [0, 1, 0]


def test_a_timeline_is_of_the_hours_with_tickets():
    """The most within each minute; who left within a minute was there in it."""
    events = log(
        (after(0, 20), KitchenOrderReceived(ticket=ticket(1, queued=after(0, 20)))),
        (after(0, 30), KitchenOrderReceived(ticket=ticket(2, queued=after(0, 30)))),
        (
            after(0, 40),
            KitchenOrderCompleted(
                ticket=ticket(1, status=TicketStatus.COMPLETED, completed_at=after(0, 40))
            ),
        ),
        (
            after(2, 10),
            KitchenOrderCompleted(
                ticket=ticket(2, status=TicketStatus.COMPLETED, completed_at=after(2, 10))
            ),
        ),
    )

    timeline = draw(events)

    assert (timeline.begins_at, timeline.ends_at) == (NOON, after(60))
    assert timeline.open_by_minute == [2, 1, 1] + [0] * 57
    assert timeline.fullest_at == after(0, 30)
    assert draw(events, until=after(1)).open_by_minute == [2] + [0] * 59
    assert draw([]) is None


def test_what_was_open_before_the_day_counts_into_it():
    """A ticket of the evening before is on the morning's wall; its lateness is not today's news."""
    early = TEN - timedelta(hours=1)
    events = log((early, KitchenOrderReceived(ticket=ticket(1, queued=early))))

    timeline = draw(events, until=TEN + timedelta(minutes=30))

    assert timeline.begins_at == TEN
    assert timeline.open_by_minute == [1] * 30 + [0] * 30
    assert timeline.late == []
    assert numbers(show(events, TEN)) == [1]


def test_times_that_are_the_other_way_round_than_places():
    """Units that ran side by side: the later place is the later state, whatever its time."""
    done = ticket(1, status=TicketStatus.COMPLETED, completed_at=after(1), version=2)
    events = log(
        (after(1, 5), KitchenOrderReceived(ticket=ticket(1, queued=after(1, 5)))),
        (after(1), KitchenOrderCompleted(ticket=done)),
    )

    assert numbers(show(events, after(2))) == []
    assert draw(events) is None


def test_what_is_held_stands_there_and_is_neither_open_nor_late():
    """Its card is on the wall; the time line counts it from its firing."""
    held = ticket(1, status=TicketStatus.HELD)
    fired = ticket(1, queued=after(20), version=2)
    events = log(
        (NOON, KitchenTicketUpdated(ticket=held, change="held")),
        (after(20), KitchenOrderReceived(ticket=fired)),
    )
    wall = show(events, after(19))

    assert (numbers(wall), wall.late) == ([1], 0)
    timeline = draw(events)
    assert timeline is not None
    assert [each.at for each in timeline.late] == [after(25, 31)]
    assert timeline.open_by_minute[19:21] == [0, 1]


def test_whatever_a_wall_is_told_is_folded():
    """An event that carries a ticket or a move, of whatever type, changes the past too."""
    told = {"ticket": ticket(1), "move": make_move()}

    for kind in get_args(AnyEvent):
        carried = [name for name in told if name in kind.__struct_fields__]
        if carried and kind is not StationReturned:
            past, rest = KitchenPast(), dict.fromkeys(kind.__struct_fields__, "")
            past.apply(log((NOON, kind(**rest | {name: told[name] for name in carried})))[0])
            assert kind.__struct_config__.tag in FOLDED_TYPES
            assert list(past.tickets.values()) + list(past.moves.values()) == [
                told[name] for name in carried
            ]
