"""The rules of a cafe that operations need: currency, tax, business day, grace, approval."""

import json
from datetime import date, datetime

import msgspec

from domain.business_day import find_business_date, find_day_bounds
from domain.errors import NotFound
from domain.taxes import PriceTerms, TaxRounding
from models.rows import fetch_rows


class CafeRules(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the cafe table, as rules."""

    cafe_id: str
    name: str
    timezone: str
    business_day_cutoff_minutes: int
    terms: PriceTerms
    approve_first_order: bool
    grace_s: int
    holds_in_grace: bool
    menu_version: int
    opens_at: list[str | None]

    def find_business_date(self, now: datetime) -> date:
        """Return the business day that an instant belongs to here."""
        return find_business_date(
            now, timezone=self.timezone, cutoff_minutes=self.business_day_cutoff_minutes
        )

    def find_day_end(self, now: datetime) -> datetime:
        """Return when the business day of an instant ends."""
        return find_day_bounds(
            self.find_business_date(now),
            timezone=self.timezone,
            cutoff_minutes=self.business_day_cutoff_minutes,
        )[1]


def read_cafe(cafe_id: str) -> CafeRules:
    """Read a cafe that is open for business. Raises: NotFound."""
    rows = fetch_rows(
        "SELECT name, currency, timezone, business_day_cutoff_minutes, prices_include_tax,"
        " tax_rounding, approve_first_order, grace_s, menu_version, holds_in_grace, opens_at"
        " FROM cafe WHERE id = ? AND closed_at IS NULL",
        (cafe_id,),
    )
    if not rows:
        raise NotFound("There is no such cafe.")
    (
        name,
        currency,
        timezone,
        cutoff,
        is_inclusive,
        rounding,
        approves,
        grace_s,
        version,
        holds_in_grace,
        opens_at,
    ) = rows[0]
    return CafeRules(
        cafe_id=cafe_id,
        name=name,
        timezone=timezone,
        business_day_cutoff_minutes=cutoff,
        terms=PriceTerms(
            currency=currency,
            prices_include_tax=bool(is_inclusive),
            tax_rounding=TaxRounding(rounding),
        ),
        approve_first_order=bool(approves),
        grace_s=grace_s,
        holds_in_grace=bool(holds_in_grace),
        menu_version=version,
        opens_at=json.loads(opens_at),
    )
