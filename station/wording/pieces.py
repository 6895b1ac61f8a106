"""What is said about pieces: right ones, wrong ones, missing ones."""

from __future__ import annotations

from station.session import Text
from station.wording.text import shown, text

SCAN_NEXT = text("pieces.scan_next")
SCAN_AGAIN = text("pieces.scan_again")
SCAN_SERIAL = text("pieces.scan_serial")
SEE_NEXT = text("pieces.see_next")
PUT_BACK = text("pieces.put_back")
PUT_ASIDE = text("pieces.put_aside")
TAKE_OUT = text("pieces.take_out")
BACK_TO_BIN = text("pieces.back_to_bin")
COUNT_AGAIN = text("pieces.count_again")
ONE = text("pieces.one")
ONE_AGAIN = text("pieces.one_again")
GARBLED = text("pieces.garbled")
TAKE_OR_DROP = text("pieces.take_or_drop")
TAKEN_NOW = text("pieces.taken_now")
NOT_ASKED = text("pieces.not_asked")
BIN_FIRST = text("pieces.bin_first")
SHORT_AGAIN = text("pieces.short_again")


def packed(name: str) -> Text:
    """It is in the box."""
    return text("pieces.packed", name=name)


def picked(name: str) -> Text:
    """It is in the tote."""
    return text("pieces.picked", name=name)


def taken_out(name: str) -> Text:
    """It is out again."""
    return text("pieces.taken_out", name=name)


def not_short(name: str) -> Text:
    """It is not missing after all."""
    return text("pieces.not_short", name=name)


def enough(name: str, need: int) -> Text:
    """One more than was ordered."""
    return text("pieces.enough", name=name, need=need)


def only_so_many_fit(name: str, room: int, count: int) -> Text:
    """A case, or a quantity, that is more than what is still to go."""
    return text("pieces.only_so_many_fit", name=name, room=room, count=count)


def not_in_this_order(name: str) -> Text:
    """A thing of ours that this buyer did not order."""
    return text("pieces.not_in_this_order", name=name)


def not_needed(name: str) -> Text:
    """A thing of ours that no order here waits for."""
    return text("pieces.not_needed", name=name)


def unknown(scanned: str) -> Text:
    """A code that nobody knows."""
    return text("pieces.unknown", text=shown(scanned))


def serial_of(name: str) -> Text:
    """The item's serial number is asked for."""
    return text("pieces.serial_of", name=name)


def no_serial(name: str) -> Text:
    """What came was no serial number."""
    return text("pieces.no_serial", name=name)


def one_by_one(name: str) -> Text:
    """Pieces with serial numbers cannot be counted by the dozen."""
    return text("pieces.one_by_one", name=name)


def missing(name: str, count: int) -> Text:
    """So many pieces are not there?"""
    return text("pieces.missing", name=name, n=count)


def ships_without(name: str, count: int) -> Text:
    """It ships without them."""
    return text("pieces.ships_without", name=name, n=count)


def counts(n: int) -> Text:
    """The next scan counts so many pieces."""
    return text("pieces.counts", n=n)


def take(name: str, n: int) -> Text:
    """What to take from the bin."""
    return text("pieces.take", name=name, n=n)


def go_to(bin: str) -> Text:
    """Where to go."""
    return text("pieces.go_to", bin=bin)


def wrong_bin(bin: str) -> Text:
    """Nothing is to be taken from there."""
    return text("pieces.wrong_bin", bin=shown(bin))


def came_late(count: int, first: str) -> Text:
    """A scanner sent what it had kept while it was out of range."""
    return text("pieces.came_late", count=count, first=shown(first))
