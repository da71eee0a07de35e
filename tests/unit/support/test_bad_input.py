"""The tables of bad input know every field that there is."""

import msgspec

from handlers.api.table import ROUTES
from realtime.messages.commands import COMMAND_TYPES
from tests.support.bad_input import _MISFITS


def test_there_is_bad_input_for_every_field():
    """Told here in a second, and not at the end of the proofs that send it to a server."""
    bodies = {*COMMAND_TYPES.values(), *(route.body for route in ROUTES if route.body)}

    missing = {
        f"{body.__name__}.{field.encode_name}"
        for body in bodies
        for field in msgspec.structs.fields(body)
        if field.encode_name not in _MISFITS
    }

    assert missing == set()
