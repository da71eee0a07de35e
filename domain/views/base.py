"""What all views are, and the place in the log that snapshots carry."""

import msgspec


class View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all views."""


class Position(View):
    """Place in a cafe's log: everything up to and including `seq` of `epoch` is known.

    event_id: the id of the event at `seq`; "" at seq 0. It tells a copied database apart.
    """

    epoch: str
    seq: int
    event_id: str = ""
