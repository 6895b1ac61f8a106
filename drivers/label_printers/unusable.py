"""Why can a label that came from outside not be printed?

The reason is for people in their own language (`station.wording.outside`), and short and readable
enough to stand in the journal; the exception's own words are for the log and the command line.
"""

from __future__ import annotations

from enum import Enum

from drivers.label_printers.label import Undrawable


class Why(Enum):
    """One reason a row; the value says "the label …"."""

    EMPTY = "is empty"
    WEB_PAGE = "is a web page"
    MESSAGE = "is a message and no label"
    UNKNOWN = "is of a kind that is not known"
    LOCKED = "is locked by a password"
    BROKEN = "is damaged"
    TOO_LARGE = "is too large"
    SEVERAL = "is an archive of several files"
    NOTHING_INSIDE = "is an archive without a label"
    OTHER_PARCEL = "shows another parcel"
    NO_CODE = "shows no barcode that can be read"
    NO_PLACE = "lies nobody knows where on its page"
    DOES_NOT_FIT = "does not fit on the printer's labels"
    OTHER_DOTS = "is made for a printer with other dots"
    DOTS_UNKNOWN = "does not say for which dots it is made"
    NO_RENDERER = "needs packbench[render]"
    CANNOT_DRAW = "cannot be drawn"
    TOO_SLOW = "takes too long to draw"

    @property
    def of_the_printer(self) -> bool:
        """Whether another printer or installation could print it."""
        return self in _OF_THE_PRINTER

    @property
    def reason(self) -> str:
        """What stands in the journal.

        >>> Why.reason_is("the label is empty"), Why.reason_is("a buyer called")
        (<Why.EMPTY: 'is empty'>, None)
        """
        return f"the label {self.value}"

    @classmethod
    def reason_is(cls, reason: str) -> Why | None:
        """Return which one stands in the journal; None for any other reason."""
        return next((why for why in cls if why.reason == reason), None)


_OF_THE_PRINTER = frozenset(
    (Why.DOES_NOT_FIT, Why.OTHER_DOTS, Why.DOTS_UNKNOWN, Why.NO_RENDERER, Why.CANNOT_DRAW)
)


class Unusable(Undrawable):
    """Bytes that are no label which can be printed here."""

    def __init__(self, why: Why, said: str) -> None:
        """`said`: a sentence with what was found and what to do, for the command line."""
        super().__init__(said)
        self.why = why
