"""Tax of lines: inclusive or exclusive, rounded per line or per document, stored per line.

Whatever a cafe's law asks for, the sum of the lines is the document, because the document's tax
is rounded once per rate and then shared out over its lines. Nobody computes tax again from a
price: receipts, reports and refunds read what is stored.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from domain.money import apportion, divide_half_up
from domain.views.money import TaxView, TotalsView

_MILLION = 1_000_000


class TaxRounding(StrEnum):
    """Where the law of a cafe's country wants tax rounded."""

    PER_LINE = "per_line"
    PER_DOCUMENT = "per_document"


class TaxRate(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A tax code as it stood when something was ordered."""

    code: str
    name: str
    rate_ppm: int


class PriceTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How a cafe's prices are meant."""

    currency: str
    prices_include_tax: bool
    tax_rounding: TaxRounding


class TaxedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a line comes to before tax is split off or put on top.

    tax_minor: as stored earlier, or None for a line that has none yet.
    """

    gross_minor: int
    rate: TaxRate
    tax_minor: int | None = None


def tax_lines(lines: Sequence[TaxedLine], terms: PriceTerms) -> list[int]:
    """Return the tax of each line, in minor units.

    Per line, what is stored stays: the parts of a line that was split keep their share. Per
    document, everything is shared out anew, since the document is what is rounded.
    """
    if terms.tax_rounding is TaxRounding.PER_LINE:
        return [
            _compute_tax(line.gross_minor, line.rate, terms)
            if line.tax_minor is None
            else line.tax_minor
            for line in lines
        ]
    taxes = [0] * len(lines)
    for rate in {line.rate for line in lines}:
        positions = [position for position, line in enumerate(lines) if line.rate == rate]
        gross = [lines[position].gross_minor for position in positions]
        shares = apportion(_compute_tax(sum(gross), rate, terms), gross)
        for position, share in zip(positions, shares, strict=True):
            taxes[position] = share
    return taxes


def sum_totals(lines: Iterable[TaxedLine], terms: PriceTerms) -> TotalsView:
    """Add lines up. Each must have its tax. Rates are listed in the order of their codes."""
    gross_by_rate: dict[TaxRate, int] = {}
    tax_by_rate: dict[TaxRate, int] = {}
    for line in lines:
        assert line.tax_minor is not None
        gross_by_rate[line.rate] = gross_by_rate.get(line.rate, 0) + line.gross_minor
        tax_by_rate[line.rate] = tax_by_rate.get(line.rate, 0) + line.tax_minor
    subtotal, tax = sum(gross_by_rate.values()), sum(tax_by_rate.values())
    return TotalsView(
        currency=terms.currency,
        prices_include_tax=terms.prices_include_tax,
        subtotal_minor=subtotal,
        tax_minor=tax,
        total_minor=subtotal if terms.prices_include_tax else subtotal + tax,
        taxes=[
            TaxView(
                code=rate.code,
                name=rate.name,
                rate_ppm=rate.rate_ppm,
                net_minor=gross - tax_by_rate[rate] if terms.prices_include_tax else gross,
                tax_minor=tax_by_rate[rate],
            )
            for rate, gross in sorted(gross_by_rate.items())
        ],
    )


def _compute_tax(gross_minor: int, rate: TaxRate, terms: PriceTerms) -> int:
    if terms.prices_include_tax:
        return divide_half_up(gross_minor * rate.rate_ppm, _MILLION + rate.rate_ppm)
    return divide_half_up(gross_minor * rate.rate_ppm, _MILLION)
