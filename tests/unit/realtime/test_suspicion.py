"""When tries of what is not one's own are told to management, and how often."""

import json
from typing import Any

import pytest

from config.namespaces import Namespace
from domain.errors import AuthorizationDenied, NotFound, RightMissing, TokenRefused
from realtime.limits import Refusal
from realtime.rate_limit import MemoryWindows
from realtime.suspicion import CLIENTS_KEPT, KIND, THRESHOLDS, WINDOW_MS, Cause, Suspect, Suspicions
from tests.support.desk import Desk
from tests.support.made_views import LANE, ORDER, OTHER_CAFE, PERSON, make_id
from tests.support.realtime import IDENTITIES
from tests.support.waiting import wait_for

GUEST = IDENTITIES["guest"]
HERE = Suspect(address="192.0.2.1", identity=GUEST, connection_id="c-1")
NOBODY = Suspect(address="192.0.2.1")


class Counted:
    """Counts tries by cause."""

    def __init__(self) -> None:
        self.causes: list[str] = []

    def suspected(self, cause: str) -> None:
        """Count one."""
        self.causes.append(cause)


class Watch:
    """Suspicions by a clock of the test."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.told: list[Refusal] = []
        self.metrics = Counted()
        numbers = iter(range(10**6))
        self.suspicions = Suspicions(
            MemoryWindows(lambda: self.now_ms),
            new_id=lambda: make_id(next(numbers)),
            report=self.told.append,
            metrics=self.metrics,
        )

    async def note(self, suspect: Suspect, cause: Cause, tries: range) -> None:
        """Note so many different tries."""
        for number in tries:
            await self.suspicions.note(suspect, cause, tried=str(number))


@pytest.mark.parametrize("cause", Cause)
async def test_many_different_tries_are_told_once_a_window(cause: Cause):
    """The one that makes it too many, and not the hundreds after it."""
    watch, threshold = Watch(), THRESHOLDS[cause]
    await watch.note(HERE, cause, range(threshold - 1))
    assert watch.told == []
    await watch.note(HERE, cause, range(1000, 1300))

    assert watch.told == [
        Refusal(
            identity=GUEST,
            kind=KIND,
            details={
                "clientId": "c-1",
                "userId": f"lane:{LANE}",
                "ip": "192.0.2.1",
                "cause": cause.value,
                "limit": threshold,
                "minutes": 10,
            },
        )
    ]
    assert watch.metrics.causes == [cause.value] * (threshold + 299)
    watch.now_ms += WINDOW_MS
    await watch.note(HERE, cause, range(2000, 2000 + threshold))
    assert len(watch.told) == 2


async def test_the_same_try_again_is_one_try():
    """A program that asks for one room again and again is broken, and looks for nothing."""
    watch = Watch()
    for _ in range(500):
        await watch.suspicions.note(HERE, Cause.FORBIDDEN_ROOMS, tried="order:1")

    assert watch.told == []


async def test_clients_causes_and_cafes_are_counted_apart():
    """Nobody is suspected for what others do, except together with those of their address."""
    watch, threshold = Watch(), THRESHOLDS[Cause.FORBIDDEN_ROOMS]
    await watch.note(HERE, Cause.FORBIDDEN_ROOMS, range(threshold - 1))
    await watch.note(NOBODY, Cause.FORBIDDEN_ROOMS, range(threshold - 1))
    await watch.note(HERE, Cause.FORBIDDEN_COMMANDS, range(threshold - 1))

    assert watch.told == []


async def test_a_thousand_addresses_do_not_fill_the_audit():
    """So many of a cause are kept in a window, and all are counted."""
    watch, threshold = Watch(), THRESHOLDS[Cause.FOREIGN_PAGES]
    for number in range(3 * CLIENTS_KEPT):
        await watch.note(Suspect(address=f"a-{number}"), Cause.FOREIGN_PAGES, range(threshold))
    await watch.note(HERE, Cause.FOREIGN_PAGES, range(threshold))

    nobody = [refusal for refusal in watch.told if refusal.identity is None]
    assert len(nobody) == CLIENTS_KEPT
    assert len(watch.told) == CLIENTS_KEPT + 1


@pytest.mark.parametrize(
    ("error", "room", "cause"),
    [
        (TokenRefused("no"), None, Cause.FORGED_TOKENS),
        (RightMissing("no"), None, Cause.FORBIDDEN_COMMANDS),
        (AuthorizationDenied("no"), "r", Cause.FORBIDDEN_ROOMS),
        (NotFound("no"), "r", Cause.FORBIDDEN_ROOMS),
        (NotFound("no"), None, None),
        (AuthorizationDenied("The kitchen has begun.", code="already_begun"), None, None),
    ],
)
async def test_which_refusals_are_no_honest_errors(
    error: Any, room: str | None, cause: Cause | None
):
    """A rule of the kitchen refuses guests every day."""
    watch = Watch()
    await watch.suspicions.note_refusal(HERE, error, token="t", room=room)

    assert watch.metrics.causes == ([] if cause is None else [cause.value])


async def ask_for_rooms(desk: Desk) -> None:
    """Ask for orders that are not there, as somebody does who guesses, by both ways."""
    wishes = [f"order:{make_id(number)}" for number in range(6)]
    await desk.authenticate("counter", rooms=wishes)
    for number in range(5, 9):
        await desk.send(
            {"type": "join_order", "id": f"j-{number}", "data": {"orderId": make_id(number)}}
        )


async def test_a_connection_that_asks_for_rooms_that_are_not_its_own():
    """By its first frame and by commands, together; its own rooms never count."""
    desk = Desk(Namespace.COUNTER)
    await ask_for_rooms(desk)
    await desk.send({"type": "join_order", "id": "own", "data": {"orderId": ORDER}})
    assert desk.services.refusals == []
    await desk.send({"type": "join_cafe", "id": "o", "data": {"cafeId": OTHER_CAFE}})

    (told,) = desk.services.refusals
    assert (told.kind, told.details["cause"]) == (KIND, "forbidden_rooms")
    assert (told.details["userId"], told.details["ip"]) == (f"person:{PERSON}", "192.0.2.1")
    assert told.details["clientId"]


async def test_a_connection_that_sends_what_its_role_may_not():
    """The cook's screen offers no such thing: each one was written by hand."""
    desk = Desk(Namespace.ORDERS)
    await desk.authenticate("kitchen")
    for number in range(THRESHOLDS[Cause.FORBIDDEN_COMMANDS]):
        assert desk.services.refusals == []
        data = {"orderId": ORDER, "reason": "no", "expectedVersion": 1}
        (error,) = await desk.send({"type": "cancel_order", "id": f"c-{number}", "data": data})
        assert error["code"] == "not_allowed"

    (told,) = desk.services.refusals
    assert told.details["cause"] == "forbidden_commands"


async def test_connections_that_show_tokens_nobody_gave_them():
    """By address, since nobody knows who they are; the same stale token again is one."""
    desk = Desk()

    async def try_token(token: str) -> None:
        session = desk.open(desk.transport)
        message = {"type": "authenticate", "id": "a", "data": {"token": token}}
        await desk.plane.receive(session, json.dumps(message).encode())
        await wait_for(lambda: session.worker is None, "the answer")

    for _ in range(100):
        await try_token("forged:stale")
    for number in range(THRESHOLDS[Cause.FORGED_TOKENS] - 1):
        assert desk.services.refusals == []
        await try_token(f"forged:{number}")

    (told,) = desk.services.refusals
    assert (told.identity, told.details["cause"], told.details["ip"]) == (
        None,
        "forged_tokens",
        "192.0.2.1",
    )
