"""How does text fit into cells? By the width that a terminal gives it, never by ``len``.

Chinese takes two cells a character, a combining mark none. Every function cleans what it is
given (see ``terminal.clean``): names of goods and scanned codes come from strangers.
"""

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from station.terminal import clean


def left(text: str, width: int) -> str:
    """The text at the left of exactly ``width`` cells; an ellipsis where it is cut.

    >>> left("绿茶 Green tea", 8), left("mug", 5), left("", 2)
    ('绿茶 Gr…', 'mug  ', '  ')
    """
    text = clean(text)
    if width <= 0:
        return ""
    if cell_len(text) > width:
        return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)
    return set_cell_size(text, width)


def right(text: str, width: int) -> str:
    """The text at the right end."""
    text = left(text, min(width, cell_len(clean(text))))
    return " " * (width - cell_len(text)) + text


def centre(text: str, width: int) -> str:
    """The text in the middle."""
    text = left(text, min(width, cell_len(clean(text))))
    before = (width - cell_len(text)) // 2
    return " " * before + text + " " * (width - before - cell_len(text))


def folded(text: str, width: int, rows: int) -> list[str]:
    """The text in at most ``rows`` rows, broken at spaces where there are any.

    >>> folded("put it aside and tell the lead", 12, 2)
    ['put it aside', 'and tell th…']
    >>> folded("发送 GS", 3, 2)
    ['发', '送…']
    """
    rest = clean(text)
    lines: list[str] = []
    while rest and len(lines) < rows - 1 and cell_len(rest) > width:
        head = rest[:width]
        while cell_len(head) > width:
            head = head[:-1]
        cut = len(head) if rest[len(head) : len(head) + 1] == " " else head.rfind(" ")
        # Chinese may be broken anywhere; at a space near the left half the row would be empty.
        early = cell_len(head[-1:]) == 2 and cell_len(head[: max(cut, 0)]) < width // 2
        cut = len(head.rstrip()) if cut <= 0 or early else cut
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*lines, left(rest, width).rstrip()] if rest or not lines else lines


Run = tuple[str, Style]
"""Text that is cleaned already, and how it is painted."""


def strip(runs: list[Run], width: int, rest: Style) -> Strip:
    """One row of exactly ``width`` cells: the runs, cut or filled up."""
    segments: list[Segment] = []
    used = 0
    for text, style in runs:
        room = width - used
        if room <= 0:
            break
        text = text if cell_len(text) <= room else set_cell_size(text, room)
        segments.append(Segment(text, style))
        used += cell_len(text)
    if used < width:
        segments.append(Segment(" " * (width - used), rest))
    return Strip(segments, width)
