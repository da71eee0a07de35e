"""Whole minor units: rounding and sharing out, and nothing else that could lose a cent.

No float comes near money. Rounding happens in `divide_half_up` alone, sharing out in `apportion`
alone; pricing, and later discounts, charges and refunds, are sums of what these two return.
"""

import re
from collections.abc import Sequence

# ISO 4217: every other currency has two decimals.
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"


def find_currency_exponent(currency: str) -> int:
    """Return how many decimals a currency's minor unit has. currency: its code of ISO 4217."""
    if currency in _WITHOUT_DECIMALS.split():
        return 0
    return 3 if currency in _WITH_THREE_DECIMALS.split() else 2


def find_typed_amount(text: str, *, exponent: int) -> int | None:
    """Read an amount as people type it, `11.50` or `11,5`; None for what is none.

    exponent: decimals of the currency. Nothing is guessed: a point or comma that groups thousands,
    a sign, or more decimals than there are make it no amount.
    """
    found = re.fullmatch(r"([0-9]{1,9})(?:[.,]([0-9]*))?", text)
    if found is None:
        return None
    whole, fraction = found.group(1), found.group(2) or ""
    if len(fraction) > exponent:
        return None
    minor: int = int(whole) * 10**exponent + int(fraction.ljust(exponent, "0") or "0")
    return minor


def write_typed_amount(minor: int, currency: str) -> str:
    """Write an amount for a field: read again it is the same, so it is never grouped."""
    exponent = find_currency_exponent(currency)
    whole, fraction = divmod(minor, 10**exponent)
    return f"{whole}.{fraction:0{exponent}d}" if exponent else str(whole)


def divide_half_up(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest whole number, halves away from zero.

    Away from zero on both sides, so that what is given back rounds exactly as what was taken.
    """
    assert denominator > 0
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` out in proportion to the weights by largest remainder; the parts sum to it.

    total: not negative. weights: not negative; among equal remainders the earlier one gets the
    odd unit, so callers pass lines in the order of their numbers. Without any weight everything
    falls to the first part.
    """
    assert total >= 0
    assert weights or total == 0
    weight_sum = sum(weights)
    if weight_sum == 0:
        return [total if position == 0 else 0 for position in range(len(weights))]
    parts = [total * weight // weight_sum for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda position: -(total * weights[position] % weight_sum)
    )
    for position in by_remainder[: total - sum(parts)]:
        parts[position] += 1
    return parts
