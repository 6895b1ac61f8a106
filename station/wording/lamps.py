"""What is said beside the lamps of the status bar: a few words, the clock's and the hub's."""

from __future__ import annotations

from station.session import Text
from station.wording.text import text

OUTDATED = text("lamp.outdated")
NO_NEW = text("lamp.no_new")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def offline(seconds: float | None) -> Text:
    """The hub has been silent for so long; None: nobody knows since when."""
    if seconds is None or seconds < _MINUTE:
        return text("lamp.offline")
    if seconds < 2 * _HOUR:
        return text("lamp.offline_minutes", n=int(seconds // _MINUTE))
    if seconds < 2 * _DAY:
        return text("lamp.offline_hours", n=int(seconds // _HOUR))
    return text("lamp.offline_days", n=int(seconds // _DAY))


def clock_off(seconds: float) -> Text:
    """So far is the bench's clock from the hub's."""
    if seconds < 2 * _HOUR:
        return text("lamp.clock_minutes", n=max(1, round(seconds / _MINUTE)))
    if seconds < 2 * _DAY:
        return text("lamp.clock_hours", n=round(seconds / _HOUR))
    return text("lamp.clock_days", n=round(seconds / _DAY))
