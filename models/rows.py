"""Many rows in one statement, and statements written out: the short way past Peewee's builder.

Ten times cheaper than building a query, which matters in one place: the writer thread, where
every order passes (performance goal 9). Other reads and updates stay with Peewee.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

from models.base import database_proxy

# SQLite takes 32,766 parameters in a statement.
_PARAMETERS_LIMIT = 30_000


# Fields whose Python values are what the driver takes: most columns of every table. Fields of our
# own (models/fields.py) are subclasses and convert.
_PLAIN_FIELDS = (
    BigIntegerField,
    BooleanField,
    CharField,
    ForeignKeyField,
    IntegerField,
    TextField,
)


class _Plan(NamedTuple):
    """How rows of the same keys enter a table. places: one row's place-holders.

    conversions: by place in the row, for values that the driver does not take as they are.
    """

    statement: str
    places: str
    columns: int
    conversions: tuple[tuple[int, Callable[[Any], Any]], ...]
    defaults: tuple[Callable[[], Any], ...]


_plans: dict[tuple[type[Model], str, tuple[str, ...]], _Plan] = {}


def insert_rows(model: type[Model], rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows in as few statements as the database takes, in order.

    rows: field name -> Python value, every row with the same names in the same order. Fields that
    all rows leave out get their default, or null.
    """
    if not rows:
        return
    names = tuple(rows[0])
    database: Any = _meta(model).database
    key = (model, database.param, names)
    plan = _plans.get(key) or _plans.setdefault(key, _plan_rows(*key))
    step = max(1, _PARAMETERS_LIMIT // plan.columns)
    for start in range(0, len(rows), step):
        chunk = rows[start : start + step]
        parameters: list[Any] = []
        for row in chunk:
            assert tuple(row) == names, "rows of one statement have the same names"
            values = [*row.values(), *(make() for make in plan.defaults)]
            for place, convert in plan.conversions:
                values[place] = convert(values[place])
            parameters += values
        database.execute_sql(plan.statement + ", ".join([plan.places] * len(chunk)), parameters)


def fetch_rows(statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run a statement whose place-holders are `?` and return its rows, as the database has them.

    The values are stored ones: epoch milliseconds, JSON text. A question mark or a percent sign
    may stand nowhere else in the statement.
    """
    database: Any = database_proxy
    if database.param != "?":
        statement = _with_place_holders(statement, database.param)
    rows: list[tuple[Any, ...]] = database.execute_sql(statement, parameters).fetchall()
    return rows


@lru_cache(maxsize=1024)
def _with_place_holders(statement: str, param: str) -> str:
    return statement.replace("?", param)


def _plan_rows(model: type[Model], param: str, names: tuple[str, ...]) -> _Plan:
    meta = _meta(model)
    given = [meta.fields[name] for name in names]
    filled = [
        field
        for field in meta.sorted_fields
        if field.name not in names and field.default is not None
    ]
    fields = given + filled
    columns = ", ".join(f'"{field.column_name}"' for field in fields)
    return _Plan(
        statement=f'INSERT INTO "{meta.table_name}" ({columns}) VALUES ',  # noqa: S608 - names from our own models
        places="(" + ", ".join([param] * len(fields)) + ")",
        columns=len(fields),
        conversions=tuple(
            (place, field.db_value)
            for place, field in enumerate(fields)
            if type(field) not in _PLAIN_FIELDS
        ),
        defaults=tuple(_as_maker(field.default) for field in filled),
    )


def _as_maker(default: Any) -> Callable[[], Any]:
    return default if callable(default) else lambda: default


def _meta(model: type[Model]) -> Any:
    return model._meta  # noqa: SLF001 - Peewee's documented door to a model's fields
