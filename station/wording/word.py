"""Which single words are there? Verdicts, and what stands beside a value.

A verdict has at most 9 letters, or 4 Chinese characters that `station.glyphs` can draw.
"""

from __future__ import annotations

from station.session import Text
from station.wording.text import text

OK = text("word.ok")
ASIDE = text("word.aside")
BIN = text("word.bin")
BOX = text("word.box")
BUSY = text("word.busy")
BYE = text("word.bye")
CLOSED = text("word.closed")
COMPLETE = text("word.complete")
DONE = text("word.done")
EMPTY = text("word.empty")
HELLO = text("word.hello")
HOLD = text("word.hold")
LABEL = text("word.label")
NO = text("word.no")
NOT_HERE = text("word.not_here")
NOT_YET = text("word.not_yet")
NO_LABEL = text("word.no_label")
NO_ORDER = text("word.no_order")
OUT = text("word.out")
PACK = text("word.pack")
PACKED = text("word.packed")
PICK = text("word.pick")
PRINTER = text("word.printer")
READY = text("word.ready")
REPRINT = text("word.reprint")
RESCAN = text("word.rescan")
SERIAL = text("word.serial")
SHORT = text("word.short")
STOP = text("word.stop")
TOO_MANY = text("word.too_many")
UNDONE = text("word.undone")
UNKNOWN = text("word.unknown")
VOID = text("word.void")
WAIT = text("word.wait")
WEIGH = text("word.weigh")
WEIGHT = text("word.weight")
WRONG = text("word.wrong")
ASLEEP = text("word.asleep")

SERVICE = text("label.service")
SHIP_BY = text("label.ship_by")
TO = text("label.to")
WAITS = text("label.waits")
BOX_LABEL = text("label.box")
WEIGHT_LABEL = text("label.weight")
CARRIER_LABEL = text("label.carrier")
LABEL_LABEL = text("label.label")
COMMAND_SHEET = text("label.command_sheet")


def count(done: int, need: int) -> Text:
    """Right, and how far this line is."""
    return text("word.count", done=done, need=need)


def quantity(n: int) -> Text:
    """The next scan counts so many."""
    return text("word.quantity", n=n)


def take(n: int) -> Text:
    """So many from this bin."""
    return text("word.take", n=n)


def command_label(name: str) -> Text:
    """A command, on its card and in the footer."""
    return text(f"command.{name}")


def help_text(name: str) -> Text:
    """What a command does, in one line."""
    return text(f"help.{name}")


def mode(flow: str) -> Text:
    """What the bench is doing, for the top row."""
    return text(f"mode.{flow}")
