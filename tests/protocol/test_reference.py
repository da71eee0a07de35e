"""docs/protocol.md says what the code says."""

import pytest

from config.namespaces import LANE_LIMITS, NAMESPACES
from realtime.messages.catalogue import EPHEMERAL_TYPES, MESSAGES
from services.tokens import TokenKind
from tests.support.protocol_reference import DOCUMENT, render_reference

# By hand, from who is meant to read each.
_ROOMS_BESIDE_THE_LOG = {
    "real_time_analytics": "management",
    "queue_position_update": "order",
    "wait_estimates": "customers",
    "station_screens": "staff",
}
_WHENCE = {
    TokenKind.ACCESS: "sign-in",
    TokenKind.GUEST: "table-sessions",
    TokenKind.DEVICE: "device-tokens",
    TokenKind.CONNECT: "connect-tickets",
}
_COUNTED = {
    "place_order": "orders or rounds",
    "add_round": "orders or rounds",
    "call_staff": "calls for somebody",
}


def test_the_page_is_up_to_date():
    """`make references` writes it again after a change."""
    assert render_reference() in DOCUMENT.read_text()


def test_every_message_has_a_section():
    """Nothing travels that the page does not name."""
    text = DOCUMENT.read_text()

    assert [each.key for each in MESSAGES if f"### `{each.key}`\n" not in text] == []


def test_a_message_beside_the_log_names_the_room_that_it_goes_to():
    """Who waits in another room would never get it."""
    text = DOCUMENT.read_text()
    named = {
        name: text.partition(f"### `{name}`\n")[2].partition("\nRooms: `")[2].partition("`.")[0]
        for name in EPHEMERAL_TYPES
    }

    assert named == _ROOMS_BESIDE_THE_LOG


@pytest.mark.parametrize("kind", list(TokenKind))
def test_the_page_says_where_every_token_comes_from(kind: TokenKind):
    """All of them open a socket."""
    connecting = DOCUMENT.read_text().partition("## Connecting\n")[2].partition("\n## ")[0]

    assert f"`POST /api/v1/{_WHENCE[kind]}`" in connecting


def test_the_page_says_every_limit():
    """Of a namespace, and of a phone beside it."""
    limits = DOCUMENT.read_text().partition("## Limits\n")[2].partition("\n## ")[0]
    wanted = {f"{name} {rule.rate_limit.max_requests}" for name, rule in NAMESPACES.items()}
    wanted |= {f"{rule.max_requests} {_COUNTED[name]}" for name, rule in LANE_LIMITS.items()}

    assert {each for each in wanted if each not in " ".join(limits.split())} == set()
