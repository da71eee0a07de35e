"""What lines cost: one calculator for quotes, orders, and everything that is stored with them.

Order of calculation: unit = item + modifiers, line = unit x quantity, then tax (domain/taxes.py).
Discounts and charges will stand between line and tax; each line keeps its own numbers, so they
need no other shape. Prices come from the catalogue, never from a client.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from domain.menu import ChosenLine, ChosenModifier
from domain.taxes import PriceTerms, TaxedLine, TaxRate, sum_totals, tax_lines
from domain.views.menu import MenuItemView
from domain.views.money import QuoteLineView, QuoteView, TotalsView
from domain.views.orders import ItemModifierView

# Half of a SHA-256 digest: long enough that two prices never meet, short in a form's field.
_HASH_LETTERS = 32


class PricedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line as it is to be stored, price and tax included.

    line_number: from 1. gross_minor: unit price x quantity, tax inside or not as the terms say.
    """

    line_number: int
    item: MenuItemView
    quantity: int
    modifiers: tuple[ItemModifierView, ...]
    note: str
    unit_price_minor: int
    gross_minor: int
    rate: TaxRate
    tax_minor: int


def price_lines(
    lines: Sequence[ChosenLine], terms: PriceTerms, *, first_line_number: int = 1
) -> tuple[list[PricedLine], TotalsView]:
    """Price chosen lines and add them up."""
    units = [_price_unit(line) for line in lines]
    taxed = [
        TaxedLine(gross_minor=unit * line.quantity, rate=line.sellable.tax)
        for line, unit in zip(lines, units, strict=True)
    ]
    taxes = tax_lines(taxed, terms)
    priced = [
        PricedLine(
            line_number=first_line_number + position,
            item=line.sellable.item,
            quantity=line.quantity,
            modifiers=tuple(_describe_modifier(modifier) for modifier in line.modifiers),
            note=line.note,
            unit_price_minor=units[position],
            gross_minor=taxed[position].gross_minor,
            rate=line.sellable.tax,
            tax_minor=taxes[position],
        )
        for position, line in enumerate(lines)
    ]
    return priced, sum_priced(priced, terms)


def sum_priced(lines: Sequence[PricedLine], terms: PriceTerms) -> TotalsView:
    """Add priced lines up."""
    return sum_totals(
        (
            TaxedLine(gross_minor=line.gross_minor, rate=line.rate, tax_minor=line.tax_minor)
            for line in lines
        ),
        terms,
    )


def build_quote(lines: Sequence[PricedLine], totals: TotalsView, *, menu_version: int) -> QuoteView:
    """Make the answer to "what would this cost"."""
    return QuoteView(
        lines=[
            QuoteLineView(
                menu_item_id=line.item.menu_item_id,
                name=line.item.name,
                quantity=line.quantity,
                unit_price_minor=line.unit_price_minor,
                line_total_minor=line.gross_minor,
                modifiers=[_name_modifier(modifier) for modifier in line.modifiers],
            )
            for line in lines
        ],
        totals=totals,
        quote_hash=hash_quote(lines, totals),
        menu_version=menu_version,
        estimated_prep_s=estimate_prep_s(lines),
    )


def hash_quote(lines: Sequence[PricedLine], totals: TotalsView) -> str:
    """Digest what was quoted: everything that has a price, and nothing that merely has a name.

    The same lines at the same prices give the same digest on every machine and in every version
    of the menu.
    """
    facts = (
        totals.currency,
        totals.prices_include_tax,
        totals.total_minor,
        [
            (
                line.item.menu_item_id,
                line.quantity,
                line.unit_price_minor,
                [(each.modifier_id, each.quantity, each.price_minor) for each in line.modifiers],
                line.rate.code,
                line.rate.rate_ppm,
            )
            for line in lines
        ],
    )
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:_HASH_LETTERS]


def estimate_prep_s(lines: Sequence[PricedLine]) -> int:
    """Estimate the seconds until lines are ready: stations work side by side, so the longest."""
    return max((line.item.prep_s for line in lines), default=0)


def _price_unit(line: ChosenLine) -> int:
    extras = sum(modifier.option.price_minor * modifier.quantity for modifier in line.modifiers)
    return line.sellable.item.price_minor + extras


def _describe_modifier(modifier: ChosenModifier) -> ItemModifierView:
    return ItemModifierView(
        modifier_id=modifier.option.modifier_id,
        name=modifier.option.name,
        kitchen_name=modifier.option.kitchen_name,
        quantity=modifier.quantity,
        price_minor=modifier.option.price_minor * modifier.quantity,
        is_removal=modifier.option.is_removal,
        is_usual=modifier.is_usual,
    )


def _name_modifier(modifier: ItemModifierView) -> str:
    return modifier.name if modifier.quantity == 1 else f"{modifier.quantity} × {modifier.name}"
