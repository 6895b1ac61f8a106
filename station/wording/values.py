"""How are weights and times written? The same in every language."""

from __future__ import annotations

from datetime import datetime


def kilograms(grams: int) -> str:
    """A weight to the gram.

    >>> kilograms(2350)
    '2.350 kg'
    """
    return f"{grams / 1000:.3f} kg"


def clock(at: datetime, now: datetime | None) -> str:
    """A time of day where `now` is, with the date when that is another day."""
    local = at.astimezone(now.tzinfo) if now is not None and now.tzinfo is not None else at
    today = now is not None and local.date() == now.date()
    return f"{local:%H:%M}" if today else f"{local:%m-%d %H:%M}"
