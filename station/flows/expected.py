"""Which kinds of code does the bench wait for now?

Only asked where several came at once: nothing is refused here. A card and a badge are always
waited for; so is any code while a question is open, or while the bench is red.
"""

from __future__ import annotations

from station.codes.code import (
    BadgeCode,
    BinCode,
    BoxCode,
    Code,
    CommandCode,
    Gtin,
    OrderCode,
    Sscc,
    ToteCode,
    Tracking,
)
from station.flows import standing
from station.flows.flow import Scanned
from station.session import Session

_ALWAYS = BadgeCode | CommandCode
_KINDS: dict[str, tuple[type[Code], ...]] = {
    "login": (),
    "choose": (OrderCode, ToteCode, Gtin, Tracking, Sscc),
    "pick": (BinCode, ToteCode, Gtin),
    "pack": (Gtin, ToteCode),
    "weigh": (BoxCode,),
    "ship": (Tracking, Sscc),
}
"""By flow. An item's code that is no GTIN is found by what the order needs."""


def expected(session: Session, code: Code, raw: str) -> bool:
    """Say whether a code is of a kind that the bench waits for."""
    if session.latched or session.question is not None or isinstance(code, _ALWAYS):
        return True
    if isinstance(code, _KINDS.get(session.flow, ())):
        return True
    return session.flow in ("pick", "pack") and bool(standing.matching(session, Scanned(code, raw)))
