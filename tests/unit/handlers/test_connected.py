"""Connections put together for management."""

from config.namespaces import Namespace
from domain.roles import Role
from handlers.connected import build_connected
from realtime.presence import ConnectionRecord
from services.people import StaffMember


def make_member(person_id: str) -> StaffMember:
    return StaffMember(
        person_id=person_id, name="Ana", roles=[Role.COUNTER], sign_ins=1, last_seen_at=None
    )


def make_record(number: int, user: str, namespace: Namespace, *roles: Role) -> ConnectionRecord:
    """Make a connection that began at its number and was heard of a second later."""
    return ConnectionRecord(
        connection_id=str(number),
        user_id=user,
        cafe_id="cafe",
        namespace=namespace,
        roles=list(roles),
        connected_at=number * 1000,
        last_activity=number * 1000 + 1000,
    )


def test_a_person_has_all_their_windows_together():
    """By namespace, since the first of them."""
    records = [
        make_record(1, "person:a", Namespace.COUNTER, Role.COUNTER),
        make_record(2, "person:a", Namespace.COUNTER, Role.COUNTER),
        make_record(3, "person:a", Namespace.KITCHEN, Role.COUNTER),
    ]

    connected = build_connected([make_member("a"), make_member("b")], records, is_complete=True)

    (person,) = connected.connected
    assert person.screens is not None
    assert person.screens.counts == {Namespace.COUNTER: 2, Namespace.KITCHEN: 1}
    assert person.screens.since.timestamp() == 1
    assert person.screens.heard_at.timestamp() == 4
    assert [each.member.person_id for each in connected.people] == ["a", "b"]


def test_phones_are_counted_and_not_named():
    """Guests, but no board, which shows itself on the customers' side too."""
    records = [
        make_record(1, "lane:x", Namespace.CUSTOMERS, Role.CUSTOMER),
        make_record(2, "person:a", Namespace.CUSTOMERS, Role.BOARD),
    ]

    connected = build_connected([make_member("a")], records, is_complete=False)

    assert (connected.phones, connected.connections) == (1, 2)
    assert not connected.is_complete
