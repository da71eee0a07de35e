"""A screen that stays open renews its connection by itself, again and again (spec D7)."""

import re
import urllib.request

from playwright.async_api import expect

from tests.support.demo_cafe import ServeDemo
from tests.support.waiting import wait_for

RENEWALS = 3
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def read_number(url: str, name: str) -> float:
    """Add up a metric of the server whose line begins so; 0 where there is none yet."""
    with _OPENER.open(f"{url}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return sum(float(found) for found in re.findall(rf"^{re.escape(name)}.* (\S+)$", text, re.M))


async def test_a_display_stays_on_one_connection_for_longer_than_its_token(serve_demo: ServeDemo):
    """Each renewal uses up a ticket of its own; the display never loses its connection."""
    cafe = serve_demo(access_token_ttl_s="30", refresh_warning_s="29")
    page = await cafe.open_display("kitchen", "kitchen", "/kitchen/bar")
    tickets = 'tabletap_unit_duration_seconds_count{command_type="use_ticket"}'

    await wait_for(
        lambda: read_number(cafe.server.url, tickets) >= 1 + RENEWALS, f"{RENEWALS} renewals"
    )

    assert read_number(cafe.server.url, "tabletap_connections_closed_total") == 0
    assert read_number(cafe.server.url, "tabletap_attachments_total") == 1
    await expect(page.locator("connection-status")).to_be_visible()
