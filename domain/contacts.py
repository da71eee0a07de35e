"""What a sale at the counter is called by, where somebody said a name.

A name is personal data: it stands in a row of its own that ends with the business day, and views,
events and messages carry a revision in its place (decision 0057). Pure.
"""

from domain.errors import UnprocessableInput


def check_may_be_named(table_session_id: str | None) -> None:
    """Raises: UnprocessableInput for an order that is called by its table."""
    if table_session_id is not None:
        raise UnprocessableInput(
            "An order at a table is called by its table.", code="name_not_taken"
        )


def find_initial(name: str, *, is_allowed: bool) -> str:
    """Return the letter that the ready board may show, "" for none: a figure is no initial."""
    first = name[:1]
    return first.upper()[:1] if is_allowed and first.isalpha() else ""
