"""The envelope that every event travels in (spec C1), and the fragment that may lie beside it."""

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

PROTOCOL_VERSION: Final = "1.0"


class Data(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of what stands under `data`. Optional fields are absent, not null."""

    @property
    def view(self) -> Any:
        """The view that cards are rendered from."""
        raise NotImplementedError


class Fragment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rendered card. target: the list it belongs to; card: the id of its element.

    replace: swap the card, or insert it by rank where it is missing. insert: the same for a card
    that is new in this list; it leaves any other list. remove: take it off the list; html is
    then the card as it is now, for pages that show finished ones.
    """

    component: str
    target: str
    card: str
    action: Literal["insert", "replace", "remove"]
    rank: int
    html: str


class EventMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """Base of all event messages. timestamp: Unix milliseconds. seq, epoch: place in the log.

    user_id: who caused it; only staff sees it, guests never do (spec B2).
    """

    event_id: str
    timestamp: int
    version: Literal["1.0"] = PROTOCOL_VERSION
    cafe_id: str
    seq: int
    epoch: str
    user_id: str | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    data: Data
    fragment: Fragment | UnsetType = UNSET


class EphemeralMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """Base of messages that are not in the log: no `seq`, only the newest counts (spec G6).

    They come in no order with events and are never sent again; a page that was away loads anew.
    """

    event_id: str
    timestamp: int
    version: Literal["1.0"] = PROTOCOL_VERSION
    cafe_id: str
    data: Data
    fragment: Fragment | UnsetType = UNSET
