"""What a screen shows, as text; and a scan in one hop, as a scanner sends it.

Plain text survives an upgrade of Textual, can be read in a review, and costs 2 ms a screen.
"""

import os
from pathlib import Path

from textual import events
from textual.app import App
from textual.pilot import Pilot

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "station"


def screen_text(app: App[int]) -> str:
    """All rows of the screen, trailing blanks removed."""
    rows = app.screen._compositor.render_strips()  # what the terminal would be sent
    return "\n".join(row.text.rstrip() for row in rows) + "\n"


def field_at(app: App[int], column: int, row: int) -> str:
    """The background of one cell, as #rrggbb."""
    for segment in app.screen._compositor.render_strips()[row]:
        if column < segment.cell_length:
            colour = segment.style.bgcolor if segment.style else None
            return colour.get_truecolor().hex if colour else ""
        column -= segment.cell_length
    raise IndexError(column)


async def scan(pilot: Pilot[int], code: str) -> None:
    """The whole code and Enter at once: `pilot.press` takes 45 ms a key."""
    for character in code:
        pilot.app.post_message(events.Key(character, character))
    pilot.app.post_message(events.Key("enter", "\r"))
    await pilot.pause()
    await pilot.pause()


def check_golden(name: str, text: str) -> None:
    """Compare with the picture kept; PACKBENCH_GOLDEN=write keeps the new one (then look at it)."""
    path = GOLDEN / name
    if os.environ.get("PACKBENCH_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path} shows another screen"
