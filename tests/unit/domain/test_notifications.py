"""Notifications: what they are told of, how they move, how they press harder."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import InvalidTransition
from domain.notifications import (
    KIND_RULES,
    Acknowledgement,
    Notification,
    Subject,
    acknowledge,
    build_call_view,
    build_notification_view,
    describe_call,
    describe_failed_payment,
    describe_late_ticket,
    escalate,
    make_notification,
    press,
    resolve,
)
from domain.roles import MANAGEMENT, Role
from domain.statuses import (
    NOTIFICATION_MOVES,
    NotificationKind,
    NotificationMove,
    NotificationStatus,
    Priority,
    Resolution,
    move_notification,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
SUBJECT = Subject(
    order_id="o1", order_number=42, table_session_id="s1", table_number=3, table_label="Terrace 3"
)
COUNTER = Acknowledgement(person_id="p1", role="counter", at=LATER)
EXPO = Acknowledgement(person_id="p2", role="expo", at=LATER)
SHARED = [kind for kind in NotificationKind if kind is not NotificationKind.NOTICE]


def make(kind: NotificationKind = NotificationKind.TABLE_CALLED, **changes) -> Notification:
    """Make one that was raised at noon."""
    return make_notification(
        kind,
        notification_id="n1",
        cafe_id="c1",
        cause="s1",
        words=("Title", "Message"),
        subject=SUBJECT,
        since=NOON,
        now=NOON,
        **changes,
    )


@pytest.mark.parametrize("kind", list(NotificationKind))
def test_every_kind_has_a_rule(kind):
    """And a notification of it begins open, told by that rule."""
    notification = make(kind)

    assert notification.status is NotificationStatus.OPEN
    assert set(notification.audience.target_roles) == KIND_RULES[kind].roles
    assert notification.priority is KIND_RULES[kind].priority
    assert notification.expires_at == NOON + KIND_RULES[kind].life


@pytest.mark.parametrize("kind", SHARED)
def test_the_first_acknowledgement_speaks_for_all(kind):
    """Others see who is on it; a second one changes nothing."""
    first = acknowledge(make(kind), COUNTER)
    second = acknowledge(first, EXPO)

    assert first.status is NotificationStatus.ACKNOWLEDGED
    assert first.version == 2
    assert first.acknowledgements == [COUNTER]
    assert second is first


def test_a_notice_is_read_by_each_for_themselves():
    """What one has read is still news for the others, and nobody reads it twice."""
    once = acknowledge(make(NotificationKind.NOTICE), COUNTER)
    twice = acknowledge(once, EXPO)

    assert once.status is twice.status is NotificationStatus.OPEN
    assert twice.acknowledgements == [COUNTER, EXPO]
    assert acknowledge(twice, COUNTER) is twice


def test_what_was_acknowledged_is_brought_up_when_it_happens_again():
    """It is open for everybody, and nobody counts as being on it."""
    again = press(acknowledge(make(), COUNTER))

    assert again.status is NotificationStatus.OPEN
    assert again.acknowledgements == []
    assert again.version == 3


def test_a_call_that_nobody_answers_is_told_to_management():
    """After two minutes it presses harder, for more people, and only once."""
    call = make(patience_s=120)

    harder = escalate(call)

    assert call.escalates_at == NOON + timedelta(minutes=2)
    assert harder.priority is Priority.URGENT
    assert set(harder.audience.target_roles) == {Role.COUNTER, Role.EXPO} | MANAGEMENT
    assert harder.escalates_at is None


@pytest.mark.parametrize("kind", [NotificationKind.TABLE_CALLED, NotificationKind.PAYMENT_FAILED])
def test_an_answer_is_the_end_of_waiting_for_one(kind):
    """Nobody is alarmed about what somebody said they are on, unless it happens again."""
    waiting = make(kind, patience_s=60)

    answered = acknowledge(waiting, COUNTER)

    assert waiting.escalates_at == NOON + timedelta(seconds=60)
    assert answered.escalates_at is None
    late = make(NotificationKind.LATE_TICKET, patience_s=60)
    assert acknowledge(late, COUNTER).escalates_at == late.escalates_at


def test_what_counts_no_patience_of_its_own_has_its_kinds():
    """A payment that failed waits a minute for somebody, like a guest who calls."""
    assert make(NotificationKind.PAYMENT_FAILED).escalates_at == NOON + timedelta(seconds=60)
    assert make(NotificationKind.SCREEN_OFFLINE).escalates_at is None


def test_a_late_ticket_presses_harder_at_half_again_its_target():
    """A target of four minutes: told at four, told to management at six."""
    late = make(NotificationKind.LATE_TICKET, patience_s=240)

    assert late.escalates_at == NOON + timedelta(minutes=6)


def test_only_its_food_ends_a_late_ticket():
    """Nobody may talk it away."""
    assert not KIND_RULES[NotificationKind.LATE_TICKET].resolvers


@pytest.mark.parametrize("move", list(NotificationMove))
def test_nothing_moves_what_is_over(move):
    """Resolved is terminal, and the refusal says what is allowed: nothing."""
    over = resolve(make(), Resolution.CAUSE_ENDED, now=LATER)

    assert over.resolved_at == LATER
    with pytest.raises(InvalidTransition) as refused:
        move_notification(over.status, move)
    assert refused.value.details == {"from": "resolved", "to": move.value, "allowed": []}


def test_the_table_of_moves_names_every_move():
    """And never leads out of the statuses."""
    assert set(NOTIFICATION_MOVES) == set(NotificationMove)
    targets = {target for moves in NOTIFICATION_MOVES.values() for target in moves.values()}
    assert targets <= set(NotificationStatus)


def test_what_nobody_has_seen_stands_first_then_what_presses_then_the_oldest():
    """The order of a tray."""
    urgent = build_notification_view(make(NotificationKind.SCREEN_OFFLINE))
    normal = build_notification_view(make())
    seen = build_notification_view(acknowledge(make(NotificationKind.SCREEN_OFFLINE), COUNTER))
    late = make(NotificationKind.LATE_TICKET)
    high = build_notification_view(late)

    ranked = sorted([seen, normal, high, urgent], key=lambda view: view.rank)

    assert ranked == [urgent, high, normal, seen]


def test_a_guest_sees_that_somebody_comes_and_not_who():
    """waiting, coming, ended."""
    call = make()
    answered = acknowledge(call, COUNTER)
    over = resolve(answered, Resolution.BY_PERSON, now=LATER)

    statuses = [build_call_view(each).status for each in (call, answered, over)]

    assert statuses == ["waiting", "coming", "ended"]
    assert build_call_view(answered).answered_at == LATER
    assert "p1" not in str(build_call_view(answered))


def test_words_name_the_order_and_the_table():
    """What stands on the cards, with and without a table."""
    sale = Subject(order_id="o1", order_number=42)

    assert describe_late_ticket(SUBJECT, station_name="Bar") == (
        "Order 42 is late",
        "Terrace 3 waits for Bar, which has had it longer than planned.",
    )
    assert describe_failed_payment(sale) == (
        "Payment failed, order 42",
        "A guest at the counter could not pay. Ask how they would like to.",
    )
    assert describe_call(SUBJECT)[0] == "Terrace 3 calls"
