"""Prices and taxes: sums that are exact for every basket and every way of rounding."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import LineDraft, ModifierChoice
from domain.menu import choose_lines
from domain.pricing import build_quote, hash_quote, price_lines
from domain.taxes import PriceTerms, TaxedLine, TaxRate, TaxRounding, sum_totals, tax_lines
from tests.support.menus import FLAT_WHITE, INCLUSIVE, OAT, RYE, SHOT, TOASTIE, make_catalogue

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

_terms = st.builds(
    PriceTerms,
    currency=st.just("EUR"),
    prices_include_tax=st.booleans(),
    tax_rounding=st.sampled_from(TaxRounding),
)
_rates = st.sampled_from(
    [
        TaxRate(code=code, name=code, rate_ppm=rate)
        for code, rate in (("zero", 0), ("low", 60_000), ("mid", 130_000), ("high", 230_001))
    ]
)
_lines = st.lists(st.builds(TaxedLine, gross_minor=st.integers(0, 10**9), rate=_rates), max_size=60)


def _settle(lines, terms):
    return [
        msgspec.structs.replace(line, tax_minor=tax)
        for line, tax in zip(lines, tax_lines(lines, terms), strict=True)
    ]


@given(_lines, _terms)
def test_lines_always_sum_to_the_document(lines, terms):
    """Every total is the sum of what is stored per line, and nothing is negative."""
    settled = _settle(lines, terms)
    totals = sum_totals(settled, terms)

    assert totals.subtotal_minor == sum(line.gross_minor for line in settled)
    assert totals.tax_minor == sum(line.tax_minor for line in settled)
    assert totals.tax_minor == sum(tax.tax_minor for tax in totals.taxes)
    assert totals.total_minor == sum(tax.net_minor + tax.tax_minor for tax in totals.taxes)
    assert all(line.tax_minor >= 0 for line in settled)
    if terms.prices_include_tax:
        assert totals.total_minor == totals.subtotal_minor
        assert all(line.tax_minor <= line.gross_minor for line in settled)
    else:
        assert totals.total_minor == totals.subtotal_minor + totals.tax_minor


@given(_lines, st.booleans())
def test_a_document_rounds_once_per_rate(lines, is_inclusive):
    """Per document, the tax of a rate is off by half a unit at most, however many lines."""
    terms = PriceTerms(
        currency="EUR", prices_include_tax=is_inclusive, tax_rounding=TaxRounding.PER_DOCUMENT
    )
    for tax in sum_totals(_settle(lines, terms), terms).taxes:
        base = tax.net_minor + tax.tax_minor if is_inclusive else tax.net_minor
        divisor = 1_000_000 + tax.rate_ppm if is_inclusive else 1_000_000

        assert abs(2 * (tax.tax_minor * divisor - base * tax.rate_ppm)) <= divisor


@given(_lines, st.booleans())
def test_one_line_is_the_same_either_way(lines, is_inclusive):
    """Where a document has one line of a rate, both ways of rounding agree."""
    for line in lines:
        taxes = [
            tax_lines(
                [line],
                PriceTerms(currency="EUR", prices_include_tax=is_inclusive, tax_rounding=rounding),
            )
            for rounding in TaxRounding
        ]

        assert taxes[0] == taxes[1]


def test_inclusive_tax_of_two_rates():
    """28.90 at 22 % and 1.25 at 10 % come to 30.15, not 30.14 (domain page 2, 4)."""
    high = TaxRate(code="a", name="22 %", rate_ppm=220_000)
    low = TaxRate(code="b", name="10 %", rate_ppm=100_000)
    settled = _settle(
        [TaxedLine(gross_minor=2890, rate=high), TaxedLine(gross_minor=125, rate=low)], INCLUSIVE
    )
    totals = sum_totals(settled, INCLUSIVE)

    assert totals.total_minor == 3015
    assert [(tax.net_minor, tax.tax_minor) for tax in totals.taxes] == [(2369, 521), (114, 11)]


def test_exclusive_tax_per_line_and_per_document_differ_as_the_law_does():
    """Three lines of 0.10 at 5 %: rounded each 0.03 in all, rounded once 0.02."""
    rate = TaxRate(code="t", name="5 %", rate_ppm=50_000)
    lines = [TaxedLine(gross_minor=10, rate=rate)] * 3
    taxes = {
        rounding: tax_lines(
            lines, PriceTerms(currency="EUR", prices_include_tax=False, tax_rounding=rounding)
        )
        for rounding in TaxRounding
    }

    assert taxes == {TaxRounding.PER_LINE: [1, 1, 1], TaxRounding.PER_DOCUMENT: [1, 1, 0]}


def test_stored_tax_of_a_line_stays_per_line():
    """The parts of a split line keep their share, or a split would change what is owed."""
    rate = TaxRate(code="t", name="5 %", rate_ppm=50_000)
    terms = PriceTerms(currency="EUR", prices_include_tax=False, tax_rounding=TaxRounding.PER_LINE)
    parts = [TaxedLine(gross_minor=10, rate=rate, tax_minor=tax) for tax in (1, 0)]

    assert tax_lines(parts, terms) == [1, 0]


def _price(*lines):
    return price_lines(choose_lines(make_catalogue(), list(lines), now=NOW), INCLUSIVE)


def _coffee(quantity=1, *, shots=0):
    choices = [ModifierChoice(modifier_id=OAT)]
    if shots:
        choices.append(ModifierChoice(modifier_id=SHOT, quantity=shots))
    return LineDraft(menu_item_id=FLAT_WHITE, quantity=quantity, modifiers=choices)


def test_a_unit_is_item_and_modifiers():
    """Two flat whites with oat and two shots: (3.90 + 0.50 + 1.60) x 2."""
    (line,), totals = _price(_coffee(2, shots=2))

    assert line.unit_price_minor == 600
    assert line.gross_minor == 1200
    assert [modifier.price_minor for modifier in line.modifiers] == [50, 160]
    assert totals.total_minor == 1200


def test_a_quote_shows_lines_and_time():
    """A quote names modifiers with their number and takes the longest preparation."""
    toastie = LineDraft(
        menu_item_id=TOASTIE, quantity=1, modifiers=[ModifierChoice(modifier_id=RYE)]
    )
    lines, totals = _price(_coffee(shots=2), toastie)
    quote = build_quote(lines, totals, menu_version=3)

    assert quote.lines[0].modifiers == ["Oat", "2 × Extra shot"]
    assert quote.estimated_prep_s == 420
    assert quote.quote_hash == hash_quote(lines, totals)
    assert len(quote.quote_hash) == 32


@pytest.mark.parametrize("other", [_coffee(2), _coffee(shots=1), _coffee(shots=2)])
def test_another_basket_has_another_hash(other):
    """Quantity and options are part of what was agreed."""
    assert hash_quote(*_price(_coffee())) == hash_quote(*_price(_coffee()))
    assert hash_quote(*_price(_coffee())) != hash_quote(*_price(other))
