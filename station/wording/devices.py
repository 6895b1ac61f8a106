"""What is said of a device: how it is, what it said last, and the one thing to do about it.

The words that lamps carry (`station.devices`, `station.spool`) are the keys; a word of another
version is shown as it is.
"""

from __future__ import annotations

from station.session import Text
from station.wording.text import shown, text

TITLE = text("devices.title")
CHOOSE = text("devices.choose")
NONE = text("devices.none")
KEY_TEST = text("devices.key_test")
KEY_BACK = text("devices.key_back")
SENT = text("devices.sent")
NEVER = text("devices.never")
SCAN_DEVICES_CARD = text("devices.scan_card")
PUT_ON_SCALE = text("devices.put_on_scale")
TEST_LABEL = text("devices.test_label")
TEST_LABEL_SENT = text("devices.test_label_sent")
TEST_LABEL_FAILED = text("devices.test_label_failed")
NO_TEST = text("devices.no_test")
NODE_MISSING = text("devices.node_missing")
LOAD_DRIVER = text("devices.load_driver")
CANNOT_BE_ASKED = text("devices.cannot_be_asked")
HUB_DO = text("device_do.hub")
NOTHING_TO_DO = text("device_do.nothing")
_MINUTE, _HOUR = 60, 3_600

TROUBLES = (
    "address",
    "below_zero",
    "check_its_set-up",
    "cutter",
    "fault",
    "frozen",
    "head",
    "hot",
    "jam",
    "language",
    "mistake",
    "occupied",
    "out_of_order",
    "paper",
    "paper_low",
    "pause",
    "resolution",
    "ribbon",
    "silent",
    "swapped",
    "take",
    "too_heavy",
    "unplugged",
    "unreachable",
    "wrong_unit",
)
"""What lamps say is the matter; each has a sentence for what to do."""
KINDS = ("scanner", "scale", "printer", "receipts", "hub", "port", "bench")


def kind(device: str) -> Text:
    """What sort of thing it is, in one word."""
    return text(f"device_kind.{device if device in KINDS else 'bench'}")


def state(state: str, word: str) -> Text:
    """How a device is: its lamp and the lamp's word."""
    trouble = word.replace(" ", "_")
    if trouble in TROUBLES:
        return text(f"device_what.{trouble}")
    if word:
        return text("device_what.other", word=shown(word))
    return text(f"device_state.{state if state in ('ok', 'busy', 'off') else 'unknown'}")


def todo(state: str, word: str) -> Text:
    """What to do about it."""
    trouble = word.replace(" ", "_")
    if trouble in TROUBLES:
        return text(f"device_do.{trouble}")
    return text("device_do.look") if state in ("bad", "off", "unknown") else NOTHING_TO_DO


def last(heard: str, seconds: float) -> Text:
    """What it said last, and how long ago."""
    if seconds < _MINUTE:
        return text("devices.last_seconds", heard=heard, n=int(seconds))
    if seconds < _HOUR:
        return text("devices.last_minutes", heard=heard, n=int(seconds // _MINUTE))
    return text("devices.last_hours", heard=heard, n=int(seconds // _HOUR))


def held(program: str) -> Text:
    """Which program holds it."""
    return text("devices.held", program=program)


def node_taken(program: str) -> Text:
    """Which service has taken the printer away from the kernel."""
    return text("devices.node_taken", program=program)


def release(program: str) -> Text:
    """How a program is made to let go."""
    ways = {
        "cupsd": "devices.release_cups",
        "ipp-usb": "devices.release_ipp_usb",
        "ModemManager": "devices.release_modems",
        "packbench": "devices.release_bench",
    }
    return text(ways.get(program, "devices.release"), program=program)


def scanned(code: str) -> Text:
    """A scanner read this."""
    return text("devices.scanned", code=shown(code))


def weighed(grams: int) -> Text:
    """A scale weighed this."""
    return text("devices.weighed", n=grams)
