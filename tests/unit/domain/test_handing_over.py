"""What of an order stands at the pass, and who may hand over what is not ready."""

from datetime import timedelta

import pytest

from domain.consents import Consent, check_consent
from domain.errors import AuthorizationDenied
from domain.handing_over import build_pass_order, check_serve_unprepared, list_handed_over
from domain.order_views import build_order_view
from domain.orders import settle_order
from domain.roles import Identity, IdentityKind, Role
from domain.statuses import ItemStatus
from tests.support.orders import CAFE, NOW, make_new_id, make_order

MANAGER_ID = "m"


def _order(*lines):
    """An order of one fired round. lines: (station, status)."""
    order = make_order(make_new_id(), [(station, 2) for station, _ in lines])
    for item, (_, status) in zip(order.items, lines, strict=True):
        item.status = ItemStatus(status)
    settle_order(order, now=NOW)
    return build_order_view(order)


def _staff(role):
    return Identity(
        kind=IdentityKind.PERSON, principal="person:1", cafe_id=CAFE, roles=frozenset({role})
    )


def _consent(**changes):
    given = {
        "person_id": MANAGER_ID,
        "asked_by": "person:1",
        "act": "serve_unprepared",
        "order_id": "o",
        "expires_at": NOW + timedelta(minutes=2),
        "used_at": None,
    }
    return Consent(**{**given, **changes})


def test_what_is_missing_is_said_by_station():
    """How many units, and since when each station is late; what is served counts as done."""
    found = build_pass_order(
        _order(("bar", "ready"), ("kitchen", "queued"), ("kitchen", "started"), ("bar", "served"))
    )

    assert found is not None
    (kitchen,) = found.missing
    assert ("Kitchen", 4) == (kitchen.station_name, kitchen.units)
    assert found.since < kitchen.late_at == found.late_at
    assert (8, 2, False) == (found.units, found.ready_units, found.is_complete)


def test_an_order_is_complete_when_nothing_is_missing():
    """Voided lines are neither missing nor carried."""
    found = build_pass_order(_order(("bar", "ready"), ("kitchen", "voided")))

    assert found is not None
    assert found.is_complete
    assert 2 == found.ready_units == found.units


def test_what_was_handed_over_leaves_the_pass():
    """And is listed for who must take it back; what was never fired was never there."""
    served = _order(("bar", "served"), ("kitchen", "voided"))

    assert build_pass_order(served) is None
    assert ["Bar"] == [item.station_name for item in list_handed_over(served)]
    assert [] == list_handed_over(_order(("bar", "ready")))


@pytest.mark.parametrize(
    ("role", "kitchen", "consent", "is_let_through"),
    [
        (Role.EXPO, "queued", None, False),
        (Role.COUNTER, "started", None, False),
        (Role.MANAGER, "queued", None, True),
        (Role.EXPO, "queued", _consent(), True),
        (Role.EXPO, "ready", None, True),
    ],
)
def test_who_may_hand_over_what_is_not_ready(role, kitchen, consent, is_let_through):
    """A manager, or somebody with a manager's consent; anybody once all is ready."""
    order = _order(("bar", "ready"), ("kitchen", kitchen))
    if is_let_through:
        check_serve_unprepared(order, _staff(role), consent=consent)
    else:
        with pytest.raises(AuthorizationDenied) as refused:
            check_serve_unprepared(order, _staff(role), consent=consent)
        assert "manager_required" == refused.value.code


@pytest.mark.parametrize(
    "changes",
    [
        {"act": "void_items"},
        {"order_id": "another"},
        {"asked_by": "person:2"},
        {"used_at": NOW},
        {"expires_at": NOW - timedelta(seconds=1)},
    ],
)
def test_a_consent_is_for_one_act_of_one_person_once(changes):
    """Another act, order or person, a second use, or too late: it is worth nothing."""
    asked = {
        "act": "serve_unprepared",
        "order_id": "o",
        "identity": _staff(Role.COUNTER),
        "now": NOW,
    }
    check_consent(_consent(), **asked)

    with pytest.raises(AuthorizationDenied) as refused:
        check_consent(_consent(**changes), **asked)
    assert "consent_unusable" == refused.value.code
