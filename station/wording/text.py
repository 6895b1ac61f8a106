"""How is a sentence made before it has a language?"""

from __future__ import annotations

from station.session import Text

LONGEST_SHOWN = 40
"""Characters of something scanned; the banner of a narrow terminal has room for no more."""


def text(key: str, **gaps: object) -> Text:
    """A key of the catalogues, and what goes in its gaps."""
    return Text(key, {gap: str(value) for gap, value in gaps.items()})


def inner(text: Text) -> str:
    """A text without gaps, to go in the gap of another: rendered in the same language."""
    return f"@{text.key}"


def shown(scanned: str) -> str:
    r"""What was scanned, as far as it can be shown.

    >>> shown("40063\x1d81")
    '40063·81'
    """
    visible = "".join(c if c.isprintable() else "·" for c in scanned.strip())
    return visible if len(visible) <= LONGEST_SHOWN else visible[: LONGEST_SHOWN - 1] + "…"
