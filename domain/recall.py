"""Finding a finished ticket of the day by what people say of it: a number, a table, a dish.

Pure: services/boards.py reads what there is. What may be recalled at all are the finished tickets
of the order's own day (`domain.item_moves.recall_ticket`).
"""

import unicodedata
from collections.abc import Iterable

import msgspec


class Findable(msgspec.Struct, frozen=True, kw_only=True):
    """A finished ticket and the words that find it. table_number: None at the counter."""

    ticket_id: str
    order_id: str
    order_number: int
    table_number: int | None
    table_label: str
    dishes: tuple[str, ...]


def find_matches(tickets: Iterable[Findable], wanted: str, *, limit: int) -> list[Findable]:
    """Return the tickets that every word of a search fits, at most `limit`.

    A figure fits the beginning of an order's number and a table's whole number; letters fit any
    part of a table's label or a dish, without regard to case and accents. First comes the order
    of exactly this number, then this table, then the rest as they were.
    """
    words = _fold(wanted).split()
    found = [ticket for ticket in tickets if all(_fits(ticket, word) for word in words)]
    return sorted(found, key=lambda ticket: _rank(ticket, words))[:limit]


def _fits(ticket: Findable, word: str) -> bool:
    if word.isdecimal() and (
        str(ticket.order_number).startswith(word) or word == str(ticket.table_number)
    ):
        return True
    return any(word in _fold(text) for text in (ticket.table_label, *ticket.dishes))


def _rank(ticket: Findable, words: list[str]) -> int:
    if str(ticket.order_number) in words:
        return 0
    return 1 if str(ticket.table_number) in words else 2


def _fold(text: str) -> str:
    """Leave case and accents out: `Acai` finds `Açaí`."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))
