"""What does a GS1 element string say: which article, which lot, which serial, how many?

By `biip` (GS1 General Specifications 3.2), under three rules of ours, because it also finds AI 400
in the digits of an ordinary EAN: it is asked only when the symbology says GS1, when a group
separator is there, or when the text is an AI form from end to end; its article number must have
passed its check digit; an empty text is not asked about.

A lost group separator lets a lot swallow what follows, and nothing can tell: a scanner that drops
it is found at set-up, by the calibration card.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from station.codes.code import Code, Garbled, Gtin, Sscc
from station.codes.gtin import check_digit

if TYPE_CHECKING:
    from biip import ParseResult

GS = "\x1d"
SAYS_GS1 = ("]C1", "]d2", "]Q3", "]e0", "]J1")
"""GS1-128, GS1 DataMatrix, GS1 QR, GS1 DataBar, GS1 DotCode."""
_PARENTHESISED = re.compile(r"(?:\((\d{2,4})\)([!-'*-z ]+))+")
_ELEMENT = re.compile(r"\((\d{2,4})\)([!-'*-z ]+)")
_PLAIN = re.compile(r"(?:0[12])(\d{14})(?:\d{2}[!-z]+)?")
"""Without parentheses and without a symbology: only what begins with an article number."""


def read(text: str, aim: str) -> Code | None:
    """Return the article or the unit that a GS1 code names."""
    elements = _elements(text, aim)
    if elements is None:
        return None
    found = _parsed(elements)
    if found is not None:
        return found
    return Garbled(text) if aim in SAYS_GS1 else None


def _elements(text: str, aim: str) -> str | None:
    """Return the text as GS1 wants it; None where nothing says that it is GS1."""
    if not text.isascii():
        return None
    if _PARENTHESISED.fullmatch(text):
        return GS.join(ai + value for ai, value in _ELEMENT.findall(text))
    stripped = text.strip(GS + " ")
    if aim in SAYS_GS1 or GS in stripped:
        return stripped or None
    plain = _PLAIN.fullmatch(stripped)
    if plain and check_digit(plain[1][:-1]) == plain[1][-1]:
        return stripped
    return None


def _parsed(elements: str) -> Code | None:
    found = _ask(elements)
    if found is None or found.gs1_message is None:
        return None
    elements_said = found.gs1_message.element_strings
    said = {element.ai.ai: element.value for element in elements_said}
    # AI 02 is what a case contains; biip's own `gtin` speaks of AI 01 alone.
    article = found.gtin or next((e.gtin for e in elements_said if e.gtin is not None), None)
    if article is not None:
        digits = article.as_gtin_14()
        if digits.strip("0") == "":
            return None
        return Gtin(
            digits,
            lot=said.get("10", ""),
            serial=said.get("21", ""),
            expiry=said.get("17", ""),
            count=max(1, int(said.get("37") or said.get("30") or 1)),
        )
    return Sscc(found.sscc.value) if found.sscc is not None else None


def _ask(elements: str) -> ParseResult | None:
    # Deferred: biip takes 0.2 s to import, and the bench must show its first prompt before.
    import biip

    try:
        return biip.parse("]C1" + elements)
    except (biip.BiipException, ValueError):
        return None


def preload() -> None:
    """Import what the first GS1 scan needs; call it when nobody waits."""
    _ask("0104006381333931")
