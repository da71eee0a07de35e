"""docs/protocol.md says what the code says."""

from realtime.messages.catalogue import EPHEMERAL_TYPES, MESSAGES
from tests.support.protocol_reference import DOCUMENT, render_reference

# By hand, from who is meant to read each.
_ROOMS_BESIDE_THE_LOG = {
    "real_time_analytics": "management",
    "queue_position_update": "order",
    "wait_estimates": "customers",
    "station_screens": "staff",
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
