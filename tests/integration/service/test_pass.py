"""The pass: hand over, take it back, close early with consent; what the audit keeps of it."""

import pytest

from domain.commands import (
    CancelOrder,
    FinishItems,
    GiveConsent,
    HandBackItems,
    PlaceOrder,
    ServeItems,
    ServeUnprepared,
    StartItems,
    VoidItems,
)
from domain.errors import AuthorizationDenied, Conflict, InvalidTransition
from domain.roles import Role
from domain.statuses import ItemStatus, OrderStatus
from models.audit import AuditEntry
from services.boards import read_pass_board
from services.consents import ConsentView, keep_consent
from tests.support.cafes import describe, units


async def _place(cafe, *lines):
    return await cafe.order(Role.COUNTER, "place_order", PlaceOrder(lines=list(lines)))


async def _read_pass(cafe):
    return await cafe.runner.read(read_pass_board, cafe.cafe_id, now=cafe.now)


async def _consent(cafe, act, order_id, *, asker=Role.COUNTER, giver=Role.MANAGER):
    """What services/pins.py does once a PIN was right."""
    command = GiveConsent(
        person_id=cafe.staff(giver).person_id, pin="2846", act=act, order_id=order_id
    )
    given: list[ConsentView] = []

    def keep(unit, asked):
        given.append(keep_consent(unit, asked))
        return given[-1]

    await cafe.runner.write(keep, command, identity=cafe.staff(asker), command_type="give_consent")
    return given[-1].consent_id


async def _read_audit(cafe, kind):
    return await cafe.runner.read(
        lambda: [row.details for row in AuditEntry.select() if row.kind == kind]
    )


async def test_a_handover_can_be_taken_back(cafe):
    """The kitchen keeps its peace: lines stand ready at the pass again, its tickets finished."""
    order = await _place(cafe, cafe.line("Water"))
    (water,) = order.items
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(water)))
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(water)))
    board = await _read_pass(cafe)
    assert ([], [order.order_id]) == (board.orders, [each.order_id for each in board.served])
    cafe.take_events()

    await cafe.do(Role.EXPO, "hand_back_items", HandBackItems(items=units(water)))

    assert "order_ready" in " ".join(describe(cafe.take_events()))
    board = await _read_pass(cafe)
    assert ([order.order_id], []) == ([each.order_id for each in board.orders], board.served)
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(water)))
    cafe.pass_time(hours=30)
    with pytest.raises(Conflict) as refused:
        await cafe.do(Role.EXPO, "hand_back_items", HandBackItems(items=units(water)))
    assert "day_over" == refused.value.code


async def test_closing_early_takes_a_manager_and_a_reason(cafe):
    """Who is at the pass asks a manager; the audit says what was not ready, why, who allowed."""
    order = await _place(cafe, cafe.line("Flat white", "Oat"), cafe.line("Water"))
    close = ServeUnprepared(order_id=order.order_id, reason="Guest took it already")
    with pytest.raises(AuthorizationDenied) as refused:
        await cafe.do(Role.EXPO, "serve_unprepared", close)
    assert "manager_required" == refused.value.code
    consent_id = await _consent(cafe, "serve_unprepared", order.order_id, asker=Role.EXPO)

    view = await cafe.order(
        Role.EXPO,
        "serve_unprepared",
        ServeUnprepared(
            order_id=order.order_id, reason="Guest took it already", consent_id=consent_id
        ),
    )

    assert OrderStatus.COMPLETED is view.status
    assert {ItemStatus.SERVED} == {item.status for item in view.items}
    (fact,) = await _read_audit(cafe, "served_unprepared")
    assert "Guest took it already" == fact["reason"]
    assert {item.item_id for item in order.items} == set(fact["item_ids"])
    assert cafe.staff(Role.MANAGER).person_id == fact["approved_by"]
    with pytest.raises(InvalidTransition):
        await cafe.do(Role.MANAGER, "serve_unprepared", close)


@pytest.mark.parametrize("act", ["void_items", "cancel_order"])
async def test_what_the_kitchen_began_goes_with_a_managers_consent(cafe, act):
    """For a line and a whole order alike; for whom it was given to; the approver is kept."""
    order = await _place(cafe, cafe.line("Water"))
    (water,) = order.items
    await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units(water)))

    def command(consent_id=None):
        if act == "cancel_order":
            return CancelOrder(order_id=order.order_id, reason="spilt", consent_id=consent_id)
        return VoidItems(
            order_id=order.order_id, items=units(water), reason="spilt", consent_id=consent_id
        )

    async def refused(consent_id, code):
        with pytest.raises(AuthorizationDenied) as refusal:
            await cafe.do(Role.COUNTER, act, command(consent_id))
        assert code == refusal.value.code

    await refused(None, "manager_required")
    await refused(await _consent(cafe, act, order.order_id, asker=Role.EXPO), "consent_unusable")
    old = await _consent(cafe, act, order.order_id)
    cafe.pass_time(minutes=3)
    await refused(old, "consent_unusable")
    with pytest.raises(AuthorizationDenied):
        await _consent(cafe, act, order.order_id, giver=Role.COUNTER)

    view = await cafe.order(Role.COUNTER, act, command(await _consent(cafe, act, order.order_id)))

    assert OrderStatus.CANCELLED is view.status
    kind = "items_voided" if act == "void_items" else "order_cancelled"
    (fact,) = await _read_audit(cafe, kind)
    assert cafe.staff(Role.MANAGER).person_id == fact["approved_by"]
