"""Everybody who may stand before a door: each role of two cafes, each kind of screen, and nobody.

`gather_everybody` makes them on a running server that `open_two_cafes` has filled. A `Somebody`
asks over REST with a token, opens pages with a cookie and sockets with the token, and says what
belongs to them, so that a test can tell what the table of rights means for them.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from domain.demo import DemoDescription
from domain.roles import DEVICE_ROLES, Role
from tests.support.contract import Contract
from tests.support.people import Caller, sign_in, sit_down
from tests.support.two_cafes import OTHER_OWNER, TwoCafes
from tests.support.waiting import DEADLINE_S

_OTHER_TABLE = 2


@dataclass(slots=True, kw_only=True)
class Somebody:
    """role: None for nobody. cookies: what their browser holds. is_other: of the other cafe.

    cafe_id: theirs. own: kind of thing -> the id of theirs: table session, order, device, station.
    """

    name: str
    caller: Caller
    role: Role | None = None
    cafe_id: str = ""
    is_other: bool = False
    cookies: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_device(self) -> bool:
        """Whether it is a paired screen."""
        return "device" in self.own

    async def open(
        self, method: str, path: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> HTTPResponse:
        """Ask for a page as a browser does, and follow nothing."""
        return await open_page(
            self.caller.url, method, path, cookies=self.cookies, form=form, **headers
        )


async def open_page(
    url: str,
    method: str,
    path: str,
    *,
    cookies: Mapping[str, str],
    form: Mapping[str, str] | None = None,
    **headers: str,
) -> HTTPResponse:
    """Ask for a page with these cookies. headers: with _ for -."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    return await AsyncHTTPClient().fetch(
        HTTPRequest(
            url + path,
            method=method,
            headers=sent,
            body=None if method in ("GET", "HEAD") else urlencode(form or {}),
            follow_redirects=False,
            allow_nonstandard_methods=True,
            request_timeout=DEADLINE_S,
        ),
        raise_error=False,
    )


@asynccontextmanager
async def gather_everybody(
    description: DemoDescription, contract: Contract, cafes: TwoCafes
) -> AsyncIterator[list[Somebody]]:
    """Sign everybody in. Owners stand last: they may end what others live on."""
    url = description.url
    owner = await sign_in(description, Role.OWNER, contract)
    cafe_id = description.cafe_ids[0]
    # Over REST as those who filled the cafes do, on pages by cookies.
    staff = {role: caller for role, caller in cafes.people.items() if role is not Role.CUSTOMER}
    guests = await _seat_guests(description, contract, cafes)
    screens = await asyncio.gather(
        *(_pair(owner, role, cafes.ids["station"]) for role in sorted(DEVICE_ROLES))
    )
    people = [
        Somebody(
            name=f"{role} person",
            caller=caller,
            role=role,
            cafe_id=cafe_id,
            cookies=await _sign_in_on_page(description, role),
        )
        for role, caller in [*staff.items(), (Role.OWNER, owner)]
    ]
    other = Somebody(
        name="the other cafe's owner",
        caller=cafes.other,
        role=Role.OWNER,
        cafe_id=cafes.other_cafe_id,
        is_other=True,
        cookies=await _open_form(url, *OTHER_OWNER),
        own={"order": cafes.other_ids["order"], "station": cafes.other_ids["station"]},
    )
    nobody = Somebody(name="nobody", caller=Caller(url, contract))
    everybody = [nobody, *guests, *screens, *people, other]
    try:
        yield everybody
    finally:
        # `cafes` closes those whom it has opened.
        opened = {*cafes.people.values(), cafes.other}
        for somebody in everybody:
            if somebody.caller not in opened:
                somebody.caller.close()


async def _seat_guests(
    description: DemoDescription, contract: Contract, cafes: TwoCafes
) -> list[Somebody]:
    first = cafes.people[Role.CUSTOMER]
    second = await sit_down(description, contract, _OTHER_TABLE)
    order = await second.do("/orders", {"lines": [cafes.line]})
    things = (
        ("a guest", first, cafes.ids["order"], cafes.ids["table session"]),
        ("another table's guest", second, order["orderId"], order["tableSessionId"]),
    )
    return [
        Somebody(
            name=name,
            caller=caller,
            role=Role.CUSTOMER,
            cafe_id=description.cafe_ids[0],
            cookies={"tabletap_guest": caller.token},
            own={"order": order_id, "table session": table_session_id},
        )
        for name, caller, order_id, table_session_id in things
    ]


async def _pair(owner: Caller, role: Role, station_id: str) -> Somebody:
    """Let a screen in; the kitchen's one stands at a station."""
    screen = Caller(owner.url, owner.contract)
    own = {"station": station_id} if role is Role.KITCHEN else {}
    begun = await screen.do("/device-pairings")
    wish = {"userCode": begun["userCode"], "name": f"A {role}", "role": role.value}
    await owner.do("/devices", wish | ({"stationId": station_id} if own else {}))
    paired = await screen.do("/device-pairings/claim", {"deviceCode": begun["deviceCode"]})
    granted = await screen.do("/device-tokens", {"credential": paired["credential"]})
    screen.token = granted["token"]
    return Somebody(
        name=f"{role} screen",
        caller=screen,
        role=role,
        cafe_id=paired["cafeId"],
        cookies={"tabletap_device": granted["credential"]},
        own=own | {"device": paired["deviceId"]},
    )


async def _sign_in_on_page(description: DemoDescription, role: Role) -> dict[str, str]:
    account = next(each for each in description.accounts if each.role is role)
    return await _open_form(description.url, account.email, account.password)


async def _open_form(url: str, email: str, password: str) -> dict[str, str]:
    answer = await open_page(
        url, "POST", "/sign-in", cookies={}, form={"email": email, "password": password}
    )
    assert answer.code == 303, answer.body
    given: list[Any] = answer.headers.get_list("Set-Cookie")
    pairs = (each.partition(";")[0].partition("=") for each in given)
    return {name: value for name, _, value in pairs if value}
