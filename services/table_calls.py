"""Tables that call: a guest asks for somebody, staff answer, and the guests see that they come.

A call is a notification of its own kind, one per seating: acknowledging it is the answer, and it
is over when staff have been there, when the guests need nobody any more, or with the seating.
"""

from domain.commands import CallStaff, CancelCall
from domain.errors import NotFound
from domain.notifications import (
    ANSWER_PATIENCE_S,
    Subject,
    build_call_view,
    describe_call,
    make_notification,
)
from domain.statuses import NotificationKind
from domain.views.tables import TableCallView
from services.notifications import end_cause, find_standing, raise_notification
from services.seatings import lock_seating
from services.unit_of_work import UnitOfWork

_CALLED = NotificationKind.TABLE_CALLED


def call_staff(unit: UnitOfWork, _: CallStaff) -> TableCallView:
    """Ask for somebody. A call that waits already stays the one it is; one that was answered is
    brought up again, since nobody came.
    """
    seating = lock_seating(unit.cafe_id, _get_seating_id(unit))
    subject = Subject(
        table_session_id=seating.table_session_id,
        table_number=seating.table.number,
        table_label=seating.table.label,
    )
    call = make_notification(
        _CALLED,
        notification_id=unit.new_id(),
        cafe_id=unit.cafe_id,
        cause=seating.table_session_id,
        words=describe_call(subject),
        subject=subject,
        since=unit.now,
        patience_s=ANSWER_PATIENCE_S,
        now=unit.now,
    )
    return build_call_view(raise_notification(unit, call))


def cancel_call(unit: UnitOfWork, _: CancelCall) -> TableCallView:
    """Say that nobody is needed any more. Raises: NotFound where nobody was called."""
    ended = end_cause(unit, _CALLED, _get_seating_id(unit))
    if ended is None:
        raise NotFound("Nobody is being called any more.")
    return build_call_view(ended)


def find_call(cafe_id: str, table_session_id: str) -> TableCallView | None:
    """Read a seating's call; None while nobody is called. For `runner.read`."""
    standing = find_standing(cafe_id, _CALLED, table_session_id)
    return None if standing is None else build_call_view(standing)


def _get_seating_id(unit: UnitOfWork) -> str:
    seating_id = unit.identity.table_session_id
    assert seating_id is not None, "only guests have the right to call"
    return seating_id
