"""What the clock computes once for all processes: leases of jobs, and each cafe's last figures."""

from peewee import CompositeKey

from models.base import Table
from models.fields import (
    big_integer_field,
    check,
    long_text_field,
    reference_field,
    text_field,
    timestamp_field,
)
from models.tenancy import Cafe


class JobLease(Table):
    """When a job last ran for a cafe, whichever process did it (spec L1)."""

    job = text_field(40)
    cafe_id = reference_field(Cafe)
    last_run_at = timestamp_field()

    class Meta:
        table_name = "job_lease"
        primary_key = CompositeKey("job", "cafe_id")


class AnalyticsRow(Table):
    """The last figures of a cafe that were pushed. version: rises with every change of them."""

    cafe_id = reference_field(Cafe, primary_key=True)
    version = big_integer_field()
    at = timestamp_field()
    body = long_text_field()

    class Meta:
        table_name = "analytics"
        constraints = (check("analytics_version", "version >= 1"),)
