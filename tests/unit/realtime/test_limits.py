"""Which windows a command counts in, what is not counted, and what a refusal says."""

from typing import Any

import pytest

from config.namespaces import LANE_LIMITS, NAMESPACES, Caller, Namespace
from domain.errors import Conflict, RateLimitExceeded
from domain.roles import Identity, Role
from realtime.limits import Limits, Refusal, find_namespace
from realtime.ports import NoMetrics
from realtime.rate_limit import MemoryWindows
from tests.support.made_views import LANE, PERSON, make_id
from tests.support.realtime import IDENTITIES, make_person

GUEST, COOK, COUNTER = IDENTITIES["guest"], IDENTITIES["kitchen"], IDENTITIES["counter"]


class Door:
    """Limits by a clock of the test."""

    def __init__(self, **options: Any) -> None:
        self.now_ms = 0
        self.refusals: list[Refusal] = []
        numbers = iter(range(10**6))
        self.limits = Limits(
            MemoryWindows(lambda: self.now_ms),
            new_id=lambda: make_id(next(numbers)),
            report=self.refusals.append,
            metrics=NoMetrics(),
            **options,
        )

    async def do(
        self,
        identity: Identity,
        namespace: Namespace,
        command: str,
        *,
        command_id: str | None = None,
        fails: bool = False,
    ) -> None:
        """Do a command that works, or one that is refused for its own reasons."""
        caller = Caller(
            namespace=namespace,
            principal=identity.principal,
            address="192.0.2.1",
            connection_id="c-1",
        )
        async with self.limits.counted(identity, command, caller, command_id=command_id):
            if fails:
                raise Conflict("not now")

    async def count_passing(self, tries: int, *command: Any, **options: Any) -> int:
        """Try so often and say how many passed."""
        passed = 0
        for _ in range(tries):
            try:
                await self.do(*command, **options)
            except RateLimitExceeded:
                continue
            except Conflict:
                pass
            passed += 1
        return passed


@pytest.mark.parametrize(
    ("namespace", "limit"),
    [
        (Namespace.ORDERS, 100),
        (Namespace.KITCHEN, 200),
        (Namespace.COUNTER, 200),
        (Namespace.ADMIN, 100),
        (Namespace.PAYMENTS, 60),
    ],
)
async def test_each_namespace_has_its_limit(namespace: Namespace, limit: int):
    """As the specification names them; each has a window of its own."""
    door = Door()
    manager = make_person(Role.MANAGER)

    assert await door.count_passing(limit + 20, manager, namespace, "set_availability") == limit
    other = Namespace.ADMIN if namespace is Namespace.ORDERS else Namespace.ORDERS
    assert await door.count_passing(1, manager, other, "set_availability") == 1


async def test_a_guests_successes_are_not_counted_and_failures_are():
    """Whoever orders a lot may; whoever only causes errors is stopped."""
    door = Door()

    assert await door.count_passing(300, GUEST, Namespace.CUSTOMERS, "quote") == 300
    failing = await door.count_passing(80, GUEST, Namespace.CUSTOMERS, "quote", fails=True)
    assert failing == 50
    assert await door.count_passing(1, GUEST, Namespace.CUSTOMERS, "quote") == 0


async def test_a_phone_submits_ten_times_a_minute_through_whichever_door():
    """Orders and rounds together; a person at the counter is not a phone."""
    door = Door()
    for number in range(10):
        name = "place_order" if number % 2 else "add_round"
        namespace = Namespace.CUSTOMERS if number % 3 else Namespace.ORDERS
        await door.do(GUEST, namespace, name)

    for namespace in (Namespace.CUSTOMERS, Namespace.ORDERS):
        assert await door.count_passing(5, GUEST, namespace, "place_order") == 0
        assert await door.count_passing(5, GUEST, namespace, "quote") == 5
    assert await door.count_passing(50, COUNTER, Namespace.COUNTER, "place_order") == 50


async def test_a_phone_calls_five_times_a_minute():
    """And may order all the same; the sixth waits until the first is a minute old."""
    door = Door()

    assert await door.count_passing(8, GUEST, Namespace.CUSTOMERS, "call_staff") == 5
    assert await door.count_passing(8, GUEST, Namespace.CUSTOMERS, "cancel_call") == 8
    assert await door.count_passing(8, GUEST, Namespace.CUSTOMERS, "place_order") == 8
    door.now_ms += 60_000
    assert await door.count_passing(8, GUEST, Namespace.CUSTOMERS, "call_staff") == 5


async def test_what_one_window_refuses_the_other_does_not_count():
    """Ten submits, and ninety more that were refused, leave ninety in the namespace's window."""
    door = Door()

    assert await door.count_passing(100, GUEST, Namespace.ORDERS, "place_order") == 10
    assert await door.count_passing(100, GUEST, Namespace.ORDERS, "quote") == 90


async def test_a_repeat_of_a_command_counts_once():
    """The id is the client's; another command with the same id is another."""
    door = Door()

    assert await door.count_passing(500, COOK, Namespace.KITCHEN, "bump", command_id="c-1") == 500
    await door.do(COOK, Namespace.KITCHEN, "recall", command_id="c-1")
    assert await door.count_passing(500, COOK, Namespace.KITCHEN, "bump") == 198


async def test_the_wait_that_is_named_is_enough_in_whole_seconds():
    """HTTP's header knows no fractions, so the time is rounded up."""
    door = Door()
    await door.count_passing(60, COUNTER, Namespace.PAYMENTS, "initiate_payment")
    door.now_ms = 12_345
    with pytest.raises(RateLimitExceeded) as refusal:
        await door.do(COUNTER, Namespace.PAYMENTS, "initiate_payment")

    retry_after_s = refusal.value.retry_after_s
    assert retry_after_s == 48
    door.now_ms += 1000 * (retry_after_s - 1)
    assert await door.count_passing(1, COUNTER, Namespace.PAYMENTS, "initiate_payment") == 0
    door.now_ms += 1000
    assert await door.count_passing(60, COUNTER, Namespace.PAYMENTS, "initiate_payment") == 60


async def test_the_audit_learns_of_the_first_refusal_of_a_window():
    """Who, from where, over which connection, what, and how many were allowed."""
    door = Door()
    await door.count_passing(90, GUEST, Namespace.PAYMENTS, "initiate_payment")

    assert door.refusals == [
        Refusal(
            identity=GUEST,
            kind="rate_limit_exceeded",
            details={
                "clientId": "c-1",
                "userId": f"lane:{LANE}",
                "ip": "192.0.2.1",
                "namespace": "payments",
                "command": "initiate_payment",
                "limit": 60,
            },
        )
    ]


async def test_a_factor_scales_every_limit():
    """For load tests; never down to nothing."""
    door = Door(factor=0.001)

    assert await door.count_passing(5, COOK, Namespace.KITCHEN, "bump_ticket") == 1


@pytest.mark.parametrize(
    ("who", "command", "namespace"),
    [
        ("guest", "place_order", Namespace.CUSTOMERS),
        ("kitchen", "bump_ticket", Namespace.KITCHEN),
        ("counter", "place_order", Namespace.COUNTER),
        ("counter", "initiate_payment", Namespace.COUNTER),
        ("manager", "bump_ticket", Namespace.KITCHEN),
        ("guest", "unheard_of", Namespace.CUSTOMERS),
        ("owner", "unheard_of", Namespace.ORDERS),
    ],
)
def test_a_request_counts_where_the_same_command_over_a_socket_does(
    who: str, command: str, namespace: Namespace
):
    """One window for both doors."""
    assert find_namespace(IDENTITIES[who], command) is namespace


def test_a_window_belongs_to_a_principal_else_to_an_address():
    """Whoever is known counts for themselves, wherever they come from."""
    known = Caller(namespace=Namespace.ORDERS, principal=f"person:{PERSON}", address="192.0.2.1")
    unknown = Caller(namespace=Namespace.ORDERS, principal="", address="192.0.2.1")
    rule = NAMESPACES[Namespace.ORDERS].rate_limit

    assert rule.key(known) == f"rate_limit:orders:person:{PERSON}"
    assert rule.key(unknown) == "rate_limit:orders:192.0.2.1"
    assert LANE_LIMITS["add_round"].key(known) == f"rate_limit:submits:person:{PERSON}"
