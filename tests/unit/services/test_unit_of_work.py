"""What an operation is given, and what it may not do."""

from datetime import UTC, datetime

import pytest

from domain.errors import AuthenticationFailed
from domain.events import OrderNumberCleared
from domain.identifiers import build_uuid7
from domain.roles import Identity, IdentityKind, Role
from domain.views.boards import BoardNumberView
from services.unit_of_work import UnitOfWork

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CAFE, OTHER_CAFE, LANE = (build_uuid7(unix_ms=1, random_bits=number) for number in range(3))
GUEST = Identity(
    kind=IdentityKind.GUEST,
    principal=f"lane:{LANE}",
    cafe_id=CAFE,
    roles=frozenset({Role.CUSTOMER}),
    lane_id=LANE,
)


def build_unit(*, cafe_id: str | None = CAFE, identity: Identity | None = None) -> UnitOfWork:
    """Make a unit as the runner does."""
    return UnitOfWork(cafe_id=cafe_id, identity=identity, now=NOW, new_id=lambda: LANE)


def test_a_unit_knows_who_asks():
    """The identity and its principal; nobody is the system, and has no identity."""
    assert build_unit(identity=GUEST).identity == GUEST
    assert build_unit(identity=GUEST).principal == GUEST.principal
    assert build_unit().principal == "system"
    assert not build_unit().has_identity
    with pytest.raises(AuthenticationFailed):
        _ = build_unit().identity


def test_a_unit_stays_in_one_cafe():
    """It may enter one when it has none, and never leaves it."""
    unit = build_unit(cafe_id=None)
    with pytest.raises(RuntimeError):
        _ = unit.cafe_id

    unit.enter_cafe(CAFE)
    unit.enter_cafe(CAFE)

    assert unit.cafe_id == CAFE
    with pytest.raises(RuntimeError):
        unit.enter_cafe(OTHER_CAFE)


def test_events_and_facts_keep_their_order_and_cafe():
    """What is recorded first has the lower place."""
    events = [
        OrderNumberCleared(
            number=BoardNumberView(
                order_number=number, business_date=NOW.date(), state="gone", version=1, since=NOW
            )
        )
        for number in range(3)
    ]
    unit = build_unit()

    for event in events:
        unit.record(event)
    unit.audit("item_voided", item_id=LANE)

    assert unit.events == [(CAFE, event) for event in events]
    assert unit.audit_facts == [(CAFE, "item_voided", {"item_id": LANE})]
