"""Which fault of a scanner or a scale is meant? `name` or `name=value`, from a list of them."""

from __future__ import annotations

from collections.abc import Mapping


def named(text: str, known: Mapping[str, str]) -> tuple[str, str]:
    """Return name and value of the fault that `text` names. Raises ValueError with a sentence.

    >>> named("lost_reply=3", {"lost-reply": "swallow the next N answers"})
    ('lost-reply', '3')
    """
    name, _, value = text.strip().partition("=")
    name = name.strip().replace("_", "-").lower()
    if name not in known:
        raise ValueError(f"no fault is called {name!r}; there are {', '.join(known)}")
    return name, value.strip()


def number(name: str, value: str, default: float) -> float:
    """Return the number in a fault's value. Raises ValueError."""
    if not value:
        return default
    if not value.replace(".", "", 1).isdigit():
        raise ValueError(f"{name}={value}: {value!r} is no number")
    return float(value)
