"""Somebody who tries the doors of a cafe is in its audit, once for each way (spec H4)."""

import asyncio
import uuid
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from domain.roles import Role
from realtime.suspicion import THRESHOLDS, Cause
from tests.integration.proofs.conftest import DemoCafe
from tests.support.people import Caller, sign_in
from tests.support.waiting import wait_for

_SITE = "https://evil.example"


async def _try_commands(cook: Caller) -> None:
    """Free tables, which is not for cooks."""
    for _ in range(THRESHOLDS[Cause.FORBIDDEN_COMMANDS] + 5):
        answer = await cook.call(
            "POST", f"/table-sessions/{uuid.uuid4()}/close", command_id=str(uuid.uuid4())
        )
        assert answer.status == 403


async def _try_tokens(demo: DemoCafe) -> None:
    nobody = Caller(demo.server.url, demo.contract)
    for number in range(THRESHOLDS[Cause.FORGED_TOKENS] + 5):
        nobody.token = f"a.b.{number}"
        assert (await nobody.call("GET", "/menu")).status == 401
    nobody.close()


async def _try_pages(http: AsyncHTTPClient, url: str) -> None:
    for _ in range(THRESHOLDS[Cause.FOREIGN_PAGES] + 5):
        request = HTTPRequest(f"{url}/ws/counter/info", headers={"Origin": _SITE})
        assert (await http.fetch(request, raise_error=False)).code == 403


async def test_who_tries_doors_is_in_the_audit_once_for_each_way(demo_cafe: DemoCafe):
    """With who, from where and what; found by its kind and by the address, and in the metrics."""
    url, http = demo_cafe.server.url, AsyncHTTPClient(force_instance=True)
    cook = await sign_in(demo_cafe.description, Role.KITCHEN, demo_cafe.contract)
    manager = await sign_in(demo_cafe.description, Role.MANAGER, demo_cafe.contract)
    await asyncio.gather(_try_commands(cook), _try_tokens(demo_cafe), _try_pages(http, url))

    facts: list[dict[str, Any]] = []

    async def is_kept() -> bool:
        page = await manager.get("/audit?about=limits&kind=suspicious_activity&text=127.0.0.1")
        facts[:] = page["facts"]
        return len(facts) == 3

    await wait_for(is_kept, "three facts")
    by_cause = {fact["details"]["cause"]: fact for fact in facts}
    assert set(by_cause) == {"forbidden_commands", "forged_tokens", "foreign_pages"}
    assert by_cause["forbidden_commands"]["principal"] == f"person:{cook.person_id}"
    assert by_cause["forged_tokens"]["principal"] == "system"
    assert {fact["details"]["ip"] for fact in facts} == {"127.0.0.1"}
    shown = (await http.fetch(f"{url}/metrics")).body.decode()
    assert 'tabletap_suspicions_total{cause="forbidden_commands"} 15.0' in shown
    for caller in (cook, manager):
        caller.close()
    http.close()
