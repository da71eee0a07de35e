"""Who may void what, by role, lane, time and what the kitchen has begun."""

from datetime import timedelta

import pytest

from domain.errors import AuthorizationDenied, UnprocessableInput
from domain.roles import Identity, IdentityKind, Role
from domain.statuses import ItemStatus
from domain.voids import check_void, find_undo_until
from tests.support.orders import CAFE, LANE, NOW, SEATING, make_new_id, make_order

IN_GRACE = NOW + timedelta(seconds=20)
LATER = NOW + timedelta(seconds=21)


def _guest(lane_id=LANE):
    return Identity(
        kind=IdentityKind.GUEST,
        principal=f"lane:{lane_id}",
        cafe_id=CAFE,
        roles=frozenset({Role.CUSTOMER}),
        lane_id=lane_id,
        table_session_id=SEATING,
    )


def _staff(role):
    return Identity(
        kind=IdentityKind.PERSON, principal="person:1", cafe_id=CAFE, roles=frozenset({role})
    )


def _check(identity, *, status="queued", now=IN_GRACE, reason=""):
    order = make_order(make_new_id(), [("bar", 1)])
    order.rounds[0].undo_until = find_undo_until(NOW, grace_s=20)
    order.items[0].status = ItemStatus(status)
    check_void(order, order.items, identity=identity, reason=reason, now=now)


@pytest.mark.parametrize(
    ("identity", "status", "now", "reason"),
    [
        (_guest(), "queued", IN_GRACE, ""),
        (_guest(), "held", IN_GRACE, ""),
        (_staff(Role.COUNTER), "queued", IN_GRACE, ""),
        (_staff(Role.COUNTER), "queued", LATER, "wrong table"),
        (_staff(Role.MANAGER), "started", LATER, "burnt"),
        (_staff(Role.OWNER), "ready", IN_GRACE, "burnt"),
    ],
)
def test_what_is_let_through(identity, status, now, reason):
    """Rows 12 and 13 of domain page 1."""
    _check(identity, status=status, now=now, reason=reason)


@pytest.mark.parametrize(
    ("identity", "status", "now", "code"),
    [
        (_guest(), "queued", LATER, "grace_over"),
        (_guest(), "started", IN_GRACE, "already_begun"),
        (_guest(), "ready", IN_GRACE, "already_begun"),
        (_guest(lane_id=CAFE), "queued", IN_GRACE, "not_your_line"),
        (_staff(Role.COUNTER), "started", IN_GRACE, "manager_required"),
        (_staff(Role.COUNTER), "ready", LATER, "manager_required"),
    ],
)
def test_what_is_denied(identity, status, now, code):
    """A reason opens nothing that the role does not."""
    with pytest.raises(AuthorizationDenied) as refusal:
        _check(identity, status=status, now=now, reason="because")
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("role", "status", "now"),
    [(Role.COUNTER, "queued", LATER), (Role.MANAGER, "started", IN_GRACE)],
)
def test_staff_say_why(role, status, now):
    """After the grace time, and always for what the kitchen has begun."""
    with pytest.raises(UnprocessableInput) as refusal:
        _check(_staff(role), status=status, now=now)
    assert refusal.value.code == "reason_required"
