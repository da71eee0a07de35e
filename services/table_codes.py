"""The codes that tables carry, for the people who print and try them; for `runner.read`."""

from models.tenancy import CafeTable


def list_table_codes(cafe_id: str) -> dict[int, str]:
    """Return the code of each table in use, by the table's number."""
    rows = CafeTable.select(CafeTable.number, CafeTable.code).where(
        CafeTable.cafe_id == cafe_id, CafeTable.archived_at.is_null()
    )
    return {row.number: row.code for row in rows}
