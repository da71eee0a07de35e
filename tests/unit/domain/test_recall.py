"""Finding a finished ticket by what people say of it."""

import pytest

from domain.recall import Findable, find_matches

TICKETS = [
    Findable(
        ticket_id=name,
        order_id="order",
        order_number=number,
        table_number=table,
        table_label=label,
        dishes=dishes,
    )
    for name, number, table, label, dishes in (
        ("a", 112, 4, "Terrace 4", ("Açaí bowl", "Espresso")),
        ("b", 11, None, "", ("Tosta mista",)),
        ("c", 204, 11, "Window 11", ("Espresso",)),
        ("d", 110, 5, "Long table 5", ("Toast",)),
    )
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("", "abcd"),
        ("11", "bcad"),
        ("112", "a"),
        ("4", "a"),
        ("terrace", "a"),
        ("acai", "a"),
        ("ESPRESSO", "ac"),
        ("espresso 11", "ca"),
        ("to", "bd"),
        ("window toast", ""),
        ("  5  ", "d"),
    ],
)
def test_numbers_tables_and_dishes_find(wanted, expected):
    """The order of that number first, then the table, then the others as they came."""
    assert "".join(each.ticket_id for each in find_matches(TICKETS, wanted, limit=9)) == expected


def test_a_search_shows_so_many_and_no_more():
    """What a page can show."""
    assert len(find_matches(TICKETS, "", limit=2)) == 2
