"""An amount of money: whole minor units and the currency they are units of."""

from __future__ import annotations

from decimal import Decimal

import msgspec

_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "IDR": 0, "BHD": 3, "KWD": 3, "JOD": 3}
"""ISO 4217 exponents that are not two. IDR: the marketplaces quote whole rupiah."""


class Money(msgspec.Struct, frozen=True, gc=False):
    """Minor units of a currency: Money(1999, "EUR") is 19.99 €."""

    minor: int
    currency: str
    """ISO 4217 code, upper case."""

    def __str__(self) -> str:
        """As a person writes it.

        >>> print(Money(1999, "EUR"), Money(500, "JPY"))
        19.99 EUR 500 JPY
        """
        digits = digits_of(self.currency)
        return f"{Decimal(self.minor).scaleb(-digits):.{digits}f} {self.currency}"


def digits_of(currency: str) -> int:
    """How many decimals the currency has."""
    return _DIGITS.get(currency, 2)


def of(amount: str, currency: str) -> Money:
    """Read a decimal amount. Raises ValueError for one that is finer than the currency.

    >>> of("19.99", "EUR")
    Money(minor=1999, currency='EUR')
    """
    minor = Decimal(amount).scaleb(digits_of(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} {currency} has more decimals than the currency")
    return Money(int(minor), currency)
