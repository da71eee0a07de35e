"""docs/protocol.md says what the code says."""

from realtime.messages.catalogue import MESSAGES
from tests.support.protocol_reference import DOCUMENT, render_reference


def test_the_page_is_up_to_date():
    """`make references` writes it again after a change."""
    assert render_reference() in DOCUMENT.read_text()


def test_every_message_has_a_section():
    """Nothing travels that the page does not name."""
    text = DOCUMENT.read_text()

    assert [each.key for each in MESSAGES if f"### `{each.key}`\n" not in text] == []
