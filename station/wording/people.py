"""What is said to people: badges, cards, questions, help, and the disk."""

from __future__ import annotations

from station.session import Text
from station.wording.text import inner, shown, text

ACKNOWLEDGE = text("people.acknowledge")
NOBODY = text("people.nobody")
SCAN_BADGE = text("people.scan_badge")
SCAN_SOMETHING = text("people.scan_something")
LOG_IN_FIRST = text("people.log_in_first")
LOG_OUT_FIRST = text("people.log_out_first")
SOMEBODY_WORKS = text("people.somebody_works")
ASK_SUPERVISOR = text("people.ask_supervisor")
SUPERVISOR = text("people.supervisor")
NOT_A_SUPERVISOR = text("people.not_a_supervisor")
ONLY_A_SUPERVISOR = text("people.only_a_supervisor")
HELP_ENDS = text("people.help_ends")
MAKE_ROOM = text("people.make_room")
FILE_REPLACED = text("people.file_replaced")
SCANS_PERHAPS_LOST = text("people.scans_perhaps_lost")
NOT_LISTENING = text("people.not_listening")
CLICK_HERE = text("people.click_here")
PRESS_AGAIN_TO_LEAVE = text("people.press_again_to_leave")

QUESTIONS = (
    "serial",
    "weight",
    "did-it-come-out",
    "why-copy",
    "more-copies",
    "void",
    "hold",
    "release",
    "short",
    "late",
)


def hello(name: str) -> Text:
    """Somebody logged in."""
    return text("people.hello", name=name)


def bye(name: str) -> Text:
    """Somebody left."""
    return text("people.bye", name=name)


def unknown_badge(badge: str) -> Text:
    """A badge that nobody has."""
    return text("people.unknown_badge", badge=shown(badge))


def no_such_card(name: str) -> Text:
    """A command card of another time or place."""
    return text("people.no_such_card", name=shown(name))


def no_such_quantity(n: int) -> Text:
    """A quantity that is none."""
    return text("people.no_such_quantity", n=n)


def not_now(command: Text) -> Text:
    """A command that means nothing here."""
    return text("people.not_now", command=inner(command))


def question(kind: str) -> Text:
    """What a pending question waits for."""
    return text(f"question.{kind}" if kind in QUESTIONS else "pieces.see_next")


def help_title(page: int, pages: int) -> Text:
    """Which page of the help it is."""
    return text("people.help_title", page=page, pages=pages)


def disk_refused(why: str) -> Text:
    """The scan could not be kept."""
    return text("people.disk_refused", why=shown(why))


def scans_lost(n: int) -> Text:
    """The bench's file was damaged, and so many scans of it could not be read."""
    return text("people.scans_lost", n=n)


def packed_today(n: int) -> Text:
    """How many parcels this packer closed, for the top row."""
    return text("people.packed_today", n=n)
