"""What /metrics says after each thing has happened to a served cafe."""

import msgspec
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

from client.rest import RestClient
from domain.commands import PlaceOrder
from domain.roles import Role
from tests.support.demo_cafe import draft_line
from tests.support.product import serve_here
from tests.support.waiting import wait_for


async def test_the_event_plane_shows_what_it_did(tmp_path):
    """A connection that joins, is told of an order, is refused a frame, and leaves."""
    database_url = f"sqlite:///{tmp_path / 'tabletap.db'}"
    async with serve_here(tmp_path, database_url=database_url) as demo:
        account = next(each for each in demo.accounts if each.role is Role.COUNTER)
        rest = RestClient(demo.url)
        await rest.sign_in(account.email, account.password)
        till = await websocket_connect(demo.url.replace("http", "ws") + "/ws/counter/websocket")
        assert "tabletap_greeting_connections 1.0" in await _scrape(demo.url)

        await till.write_message(
            msgspec.json.encode({"type": "authenticate", "data": {"token": rest.token}})
        )
        await _read_until(till, "joined")
        await till.write_message("no message")
        await _read_until(till, "invalid_message_format")
        await rest.place_order(PlaceOrder(lines=[draft_line(await rest.read_menu(), "Espresso")]))
        await _read_until(till, "order_created")

        shown = await _scrape(demo.url)
        assert 'tabletap_connections{namespace="counter"} 1.0' in shown
        assert "tabletap_greeting_connections 0.0" in shown
        assert 'tabletap_attachments_total{mode="live"} 1.0' in shown
        assert 'tabletap_socket_errors_total{type="invalid_message_format"} 1.0' in shown
        assert "tabletap_rooms 0.0" not in shown
        assert "tabletap_largest_outbox_bytes 0.0" in shown
        assert _read_value(shown, "tabletap_publication_recipients_sum") >= 1
        assert _read_value(shown, "tabletap_publication_lag_seconds_count") >= 1
        assert "tabletap_lag_events 0.0" in shown
        assert "tabletap_lag_seconds 0.0" in shown
        assert "tabletap_database_up 1.0" in shown
        assert "tabletap_write_queue_depth 0.0" in shown
        assert "tabletap_read_queue_depth" in shown

        till.close(1001)
        closed = 'tabletap_connections_closed_total{code="1001",namespace="counter"} 1.0'

        async def is_counted() -> bool:
            return closed in await _scrape(demo.url)

        await wait_for(is_counted, "the close to be counted")
        # Read to its end, or its socket stays open.
        while await till.read_message() is not None:
            pass
        rest.close()


async def _read_until(till, name):
    while msgspec.json.decode(await till.read_message())["type"] != name:
        pass


async def _scrape(url):
    return (await AsyncHTTPClient().fetch(f"{url}/metrics")).body.decode()


def _read_value(shown, series):
    return float(next(line for line in shown.splitlines() if line.startswith(series)).split()[1])
