"""Statuses and the one table of moves between them.

The order's status is derived (`domain.orders`), never set; what moves is the item and the round.
"""

from enum import StrEnum

from domain.errors import InvalidTransition


class ItemStatus(StrEnum):
    """Life of one ordered line; `voided` is terminal."""

    HELD = "held"
    QUEUED = "queued"
    STARTED = "started"
    READY = "ready"
    SERVED = "served"
    VOIDED = "voided"


class RoundStatus(StrEnum):
    """Gate of one round: submitted until its holds are cleared, then confirmed (fired)."""

    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class OrderStatus(StrEnum):
    """Published status of an order, derived from its rounds' gates and items."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    PREPARING = "preparing"
    READY = "ready"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class TicketStatus(StrEnum):
    """Derived from a ticket's items; `completed` tickets leave the kitchen's grid.

    held: the kitchen sees what is to come, and does not make it yet.
    """

    HELD = "held"
    RECEIVED = "received"
    STARTED = "started"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class HoldKind(StrEnum):
    """Why a submitted round waits. course: the house wants it later than the rest."""

    PAYMENT = "payment"
    APPROVAL = "approval"
    SCHEDULE = "schedule"
    THROTTLE = "throttle"
    COURSE = "course"


class WaitReason(StrEnum):
    """Why an order takes longer than its dishes. NONE: it does not."""

    NONE = ""
    QUEUE = "queue"
    LATE = "late"


class PauseCause(StrEnum):
    """Why guests' orders of a station are paused, or are not any more. TIME: it was over."""

    BY_HAND = "by_hand"
    LOAD = "load"
    TIME = "time"


class Channel(StrEnum):
    """Where an order came from."""

    TABLE = "table"
    COUNTER = "counter"


class Priority(StrEnum):
    """Published priority words (spec C2)."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class ItemMove(StrEnum):
    """The verbs that move an item."""

    HOLD = "hold"
    FIRE = "fire"
    START = "start"
    FINISH = "finish"
    SERVE = "serve"
    RECALL = "recall"
    HAND_BACK = "hand_back"
    VOID = "void"


class RoundMove(StrEnum):
    """The verbs that move a round's gate."""

    HOLD = "hold"
    CONFIRM = "confirm"
    REJECT = "reject"
    EXPIRE = "expire"
    CANCEL = "cancel"


class NotificationKind(StrEnum):
    """What staff is told of; published as NotificationType."""

    NOTICE = "notice"
    LATE_TICKET = "late_ticket"
    PAYMENT_FAILED = "payment_failed"
    TABLE_CALLED = "table_called"
    SCREEN_OFFLINE = "screen_offline"
    TICKET_UNSEEN = "ticket_unseen"
    NO_SCREEN = "no_screen"
    KITCHEN_CALLS = "kitchen_calls"


class NotificationStatus(StrEnum):
    """acknowledged: somebody is on it. resolved is terminal."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class NotificationMove(StrEnum):
    """The verbs that move a notification. press: its cause got worse, or happened again."""

    ACKNOWLEDGE = "acknowledge"
    PRESS = "press"
    RESOLVE = "resolve"


class Resolution(StrEnum):
    """Why a notification is over."""

    CAUSE_ENDED = "cause_ended"
    BY_PERSON = "by_person"
    EXPIRED = "expired"


_Item = ItemStatus
_Round = RoundStatus
_Notification = NotificationStatus

ITEM_MOVES: dict[ItemMove, dict[ItemStatus, ItemStatus]] = {
    # Held again, it waits for another time.
    ItemMove.HOLD: {_Item.HELD: _Item.HELD, _Item.QUEUED: _Item.HELD},
    ItemMove.FIRE: {_Item.HELD: _Item.QUEUED},
    ItemMove.START: {_Item.QUEUED: _Item.STARTED},
    ItemMove.FINISH: {_Item.QUEUED: _Item.READY, _Item.STARTED: _Item.READY},
    ItemMove.SERVE: {_Item.READY: _Item.SERVED},
    ItemMove.RECALL: {_Item.READY: _Item.STARTED, _Item.SERVED: _Item.STARTED},
    # It was not handed over after all: the kitchen has nothing to do with it.
    ItemMove.HAND_BACK: {_Item.SERVED: _Item.READY},
    ItemMove.VOID: {
        _Item.HELD: _Item.VOIDED,
        _Item.QUEUED: _Item.VOIDED,
        _Item.STARTED: _Item.VOIDED,
        _Item.READY: _Item.VOIDED,
    },
}

ROUND_MOVES: dict[RoundMove, dict[RoundStatus, RoundStatus]] = {
    RoundMove.HOLD: {_Round.SUBMITTED: _Round.SUBMITTED, _Round.CONFIRMED: _Round.SUBMITTED},
    RoundMove.CONFIRM: {_Round.SUBMITTED: _Round.CONFIRMED},
    RoundMove.REJECT: {_Round.SUBMITTED: _Round.REJECTED},
    RoundMove.EXPIRE: {_Round.SUBMITTED: _Round.EXPIRED},
    RoundMove.CANCEL: {_Round.SUBMITTED: _Round.CANCELLED, _Round.CONFIRMED: _Round.CANCELLED},
}

NOTIFICATION_MOVES: dict[NotificationMove, dict[NotificationStatus, NotificationStatus]] = {
    NotificationMove.ACKNOWLEDGE: {
        _Notification.OPEN: _Notification.ACKNOWLEDGED,
        _Notification.ACKNOWLEDGED: _Notification.ACKNOWLEDGED,
    },
    NotificationMove.PRESS: {
        _Notification.OPEN: _Notification.OPEN,
        _Notification.ACKNOWLEDGED: _Notification.OPEN,
    },
    NotificationMove.RESOLVE: {
        _Notification.OPEN: _Notification.RESOLVED,
        _Notification.ACKNOWLEDGED: _Notification.RESOLVED,
    },
}

TERMINAL_ORDER_STATUSES = frozenset(
    {OrderStatus.COMPLETED, OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.EXPIRED}
)


# Share of a unit's work that is done (the served half of the rule is what the guest waits for).
PROGRESS_WEIGHT_PERCENT: dict[ItemStatus, int] = {
    _Item.HELD: 0,
    _Item.QUEUED: 0,
    _Item.STARTED: 50,
    _Item.READY: 90,
    _Item.SERVED: 100,
}


def move_item(status: ItemStatus, move: ItemMove) -> ItemStatus:
    """Return the status after a move.

    Raises: InvalidTransition naming from, the move and what is allowed from here.
    """
    target = ITEM_MOVES[move].get(status)
    if target is None:
        raise InvalidTransition(current=status, attempted=move, allowed=list_item_moves(status))
    return target


def list_item_moves(status: ItemStatus) -> list[str]:
    """List the moves that an item in this status accepts, in the table's order."""
    return [move.value for move, moves in ITEM_MOVES.items() if status in moves]


def move_round(status: RoundStatus, move: RoundMove) -> RoundStatus:
    """Return the gate's status after a move. Raises: InvalidTransition."""
    target = ROUND_MOVES[move].get(status)
    if target is None:
        allowed = [verb.value for verb, moves in ROUND_MOVES.items() if status in moves]
        raise InvalidTransition(current=status, attempted=move, allowed=allowed)
    return target


def move_notification(status: NotificationStatus, move: NotificationMove) -> NotificationStatus:
    """Return a notification's status after a move. Raises: InvalidTransition."""
    target = NOTIFICATION_MOVES[move].get(status)
    if target is None:
        allowed = [verb.value for verb, moves in NOTIFICATION_MOVES.items() if status in moves]
        raise InvalidTransition(current=status, attempted=move, allowed=allowed)
    return target
