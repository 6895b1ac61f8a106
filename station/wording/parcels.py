"""What is said about boxes and their weight."""

from __future__ import annotations

from station.session import Text
from station.wording.text import shown, text
from station.wording.values import kilograms

BOX_FIRST = text("parcels.box_first")
BOX_LATER = text("parcels.box_later")
CHECKED = text("parcels.checked")
EMPTY_BOX = text("parcels.empty_box")
EMPTY_PAN = text("parcels.empty_pan")
NOTHING_ON_IT = text("parcels.nothing_on_it")
NOT_ZEROED = text("parcels.not_zeroed")
ON_THE_SCALE = text("parcels.on_the_scale")
SCAN_BOX = text("parcels.scan_box")
TOO_HEAVY = text("parcels.too_heavy")
TOO_LIGHT = text("parcels.too_light")
TO_THE_LANE = text("parcels.to_the_lane")
UNDO_OPENS = text("parcels.undo_opens")

SCALE_NEEDS = ("too heavy", "below zero", "out of order", "wrong unit", "frozen")


def box(kind: str) -> Text:
    """It goes in this kind of box."""
    return text("parcels.box", box=kind)


def no_such_box(kind: str) -> Text:
    """This bench has no such box."""
    return text("parcels.no_such_box", box=shown(kind))


def is_full(name: str) -> Text:
    """A piece more, after every piece was in."""
    return text("parcels.is_full", name=name)


def weighs(grams: int, expected: int) -> Text:
    """Not what it should weigh."""
    return text("parcels.weighs", weight=kilograms(grams), expected=kilograms(expected))


def scale_needs(why: str) -> Text:
    """Why the scale gives no weight, and what it wants of somebody's hands."""
    return text(f"scale.{why.replace(' ', '_')}" if why in SCALE_NEEDS else "scale.other")


def unweighed(grams: int) -> Text:
    """Should the expected weight count, without a scale?"""
    return text("parcels.unweighed", weight=kilograms(grams))


def closed(number: int, lane: str) -> Text:
    """One parcel of several is closed; where it goes."""
    if not lane:
        return text("parcels.closed", n=number)
    return text("parcels.closed_to", n=number, lane=lane)
