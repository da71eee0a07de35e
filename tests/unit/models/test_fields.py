"""Columns keep what they were given, and refuse what they cannot keep."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.statuses import OrderStatus
from domain.views.money import TaxView
from models.fields import (
    BusinessDateField,
    JsonTextField,
    UtcTimestampField,
    WordField,
    from_unix_ms,
    to_unix_ms,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(
    st.integers(min_value=0, max_value=32_000_000_000_000_000).map(
        lambda microseconds: EPOCH + timedelta(microseconds=microseconds)
    )
)
def test_a_time_is_kept_to_the_millisecond(at):
    """What is below a millisecond is cut off, never rounded into the future."""
    kept = from_unix_ms(to_unix_ms(at))

    assert timedelta(0) <= at - kept < timedelta(milliseconds=1)
    assert kept.tzinfo is UTC


def test_a_time_of_another_zone_is_the_same_moment():
    """Zones are a matter of showing, not of storing."""
    at = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))

    assert from_unix_ms(to_unix_ms(at)) == at


def test_a_time_without_a_zone_is_refused():
    """A naive time would mean something else on the next machine."""
    with pytest.raises(ValueError, match="zone"):
        UtcTimestampField().db_value(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault itself


def test_fields_keep_null():
    """Null is null in every column."""
    for field in (
        UtcTimestampField(),
        BusinessDateField(),
        WordField(OrderStatus),
        JsonTextField(list[str]),
    ):
        assert field.db_value(None) is None
        assert field.python_value(None) is None


def test_a_business_date_sorts_as_it_reads():
    """ISO text has the order of the days."""
    field = BusinessDateField()
    days = [date(2026, 9, 30), date(2026, 10, 1), date(2027, 1, 1)]

    assert sorted(str(field.db_value(day)) for day in days) == [field.db_value(day) for day in days]
    assert [field.python_value(field.db_value(day)) for day in days] == days


def test_a_word_that_the_enum_lacks_is_refused_both_ways():
    """A status from nowhere is an error at once, not a surprise later."""
    field = WordField(OrderStatus)

    assert field.python_value("ready") is OrderStatus.READY
    assert field.db_value("ready") == "ready"
    with pytest.raises(ValueError, match="burnt"):
        field.db_value("burnt")
    with pytest.raises(ValueError, match="burnt"):
        field.python_value("burnt")


def test_json_comes_back_as_its_type():
    """A struct goes in and a struct comes out."""
    field = JsonTextField(list[TaxView])
    taxes = [TaxView(code="A", name="19 %", rate_ppm=190_000, net_minor=100, tax_minor=19)]

    assert field.python_value(field.db_value(taxes)) == taxes
