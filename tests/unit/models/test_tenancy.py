"""Every table leads to a cafe: the tenant is never a matter of a forgotten column."""

import pytest
from peewee import Model

from models.schema import INSTALLATION_TABLES, SHARED_TABLES, TABLES
from models.tenancy import Cafe


def leads_to_cafe(table: type[Model]) -> bool:
    """Whether foreign keys that cannot be null lead from this table to a cafe."""
    return table is Cafe or any(
        leads_to_cafe(field.rel_model)
        for field in table._meta.refs
        if not field.null and field.rel_model is not table
    )


@pytest.mark.parametrize(
    "table",
    [table for table in TABLES if table not in SHARED_TABLES and table not in INSTALLATION_TABLES],
)
def test_a_table_leads_to_a_cafe(table):
    """Foreign keys that are always there end at the cafe."""
    assert leads_to_cafe(table)


@pytest.mark.parametrize(("table", "through"), SHARED_TABLES.items())
def test_a_shared_table_is_reached_from_a_cafes_rows(table, through):
    """People belong to no single cafe; the table beside them does."""
    referred = {field.rel_model for field in through._meta.refs}
    refers = {field.rel_model for field in table._meta.refs}
    assert table in referred or through in refers
    assert leads_to_cafe(through) or through in SHARED_TABLES


def test_all_tables_are_listed():
    """A table that is missing from the list would be checked by nobody."""
    found, waiting = set(), [Model]
    while waiting:
        for table in waiting.pop().__subclasses__():
            waiting.append(table)
            if table.__module__.startswith("models.") and table.__name__ != "Table":
                found.add(table)

    assert set(TABLES) == found


def test_references_never_load_rows():
    """A row's reference is an id: no query runs that nobody wrote."""
    references = [field for table in TABLES for field in table._meta.refs]

    assert references
    assert [field for field in references if field.lazy_load] == []
