"""What does station.toml say? Read once, typed, handed down.

    hub = "https://hub.example:8443"
    language = "en"                     # en | zh

    [scanners.hand]
    url = "serial:///dev/serial/by-id/usb-Honeywell_1950-if00"
    feedback = "honeywell"              # none | datalogic | honeywell | zebra: beeps

    [scanners.table]                    # it types; grabbed, so that no window gets its keys
    url = "evdev:///dev/input/by-id/usb-Netum_Scanner-event-kbd"
    framing = "keys-us"                 # the layout it is set to: keys-us | keys-de | keys-fr

    [scales.bench]
    url = "serial:///dev/serial/by-id/usb-Mettler_Toledo-if00?baud=9600"
    protocol = "mt-sics"                # mt-sics | toledo-8217 | toledo-8217-lb | nci | hid

    [printers.labels]
    url = "tcp://192.168.7.20:9100"     # or usb:///dev/usb/lp0, serial:///dev/…, cups://queue
    language = "zpl"                    # zpl | tspl | epl2
    dots_per_mm = 8                     # 6 | 8 | 12 | 24: 152, 203, 300, 600 dpi
    prints = ["label", "paper"]
    shared = false                      # another bench prints on it too
    stock = [101.6, 152.4]              # width and height in mm of the labels on the roll

    [printers.receipts]
    url = "tcp://192.168.7.21:9100"
    language = "escpos"                 # packing slips on a roll; it prints no labels
    prints = ["paper"]
    head_dots = 576                     # 80 mm roll; 384 on one of 58 mm

A key that we do not know is refused: a setting that is silently ignored is worse than none.
Everything has a default; a bench without a file works with a keyboard-wedge scanner alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

FILE = "station.toml"
DATABASE = "bench.db"
"""The bench's own file, beside it."""
LAYOUTS = "layouts"
"""In a bench's home: a folder of its own layouts, over ours."""
HOME = "PACKBENCH_HOME"
"""The environment's word for the folder of a bench."""


# Named here, not asked of `drivers`: reading the file must not load what drives a device. The tests
# compare them.
SCHEMES = (
    "tcp", "serial", "usb", "cups", "evdev", "hidraw", "loopback", "capture", "replay",
)  # fmt: skip
FRAMINGS = ("line", "keys-us", "keys-de", "keys-fr")
FEEDBACKS = ("none", "datalogic", "honeywell", "zebra")
PROTOCOLS = ("mt-sics", "toledo-8217", "toledo-8217-lb", "nci", "hid")
LANGUAGES = ("zpl", "tspl", "epl2")
RECEIPT_LANGUAGES = ("escpos",)
ASKED = ("zpl", "tspl")
"""Languages that have a question for how the printer is; the others would print it."""
RESOLUTIONS = (6, 8, 12, 24)
"""Dots to the millimetre of the heads that are sold: 152, 203, 300 and 600 dpi."""
_LEAST_STOCK_MM, _MOST_STOCK_MM = 10, 450
"""Of a label: who writes inches gets told."""


class BadConfig(Exception):
    """The file says something that we cannot follow; the sentence says what and where."""


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every table of the file is."""


class Scanner(Part, frozen=True, kw_only=True):
    """A scanner on a wire. A keyboard wedge needs no entry."""

    url: str
    framing: str = "line"
    """One of `drivers.scanners.READERS`."""
    feedback: str = "none"
    """Whose scanner is told whether its scan was right: one of `drivers.scanners.FEEDBACKS`."""
    memory: bool = False
    """It keeps codes while it is out of range, and sends them later: each of its scans is held back
    for 25 ms, so that the first of a batch is not taken for a scan of now."""

    def __post_init__(self) -> None:
        _check_url(self.url)
        _check("framing", self.framing, FRAMINGS)
        _check("feedback", self.feedback, FEEDBACKS)
        if self.framing != "line" and self.feedback != "none":
            raise ValueError('a scanner that types hears nothing: feedback must be "none"')
        if "evdev://" in self.url and self.framing == "line":
            keys = ", ".join(name for name in FRAMINGS if name != "line")
            raise ValueError(f"a scanner on evdev:// types: framing must be one of {keys}")


class Scale(Part, frozen=True, kw_only=True):
    """A scale."""

    url: str
    protocol: str = "mt-sics"
    """One of `drivers.scales.READERS`."""

    def __post_init__(self) -> None:
        _check_url(self.url)
        _check("protocol", self.protocol, PROTOCOLS)


class Printer(Part, frozen=True, kw_only=True):
    """A printer."""

    url: str
    language: str = "zpl"
    dots_per_mm: int = 8
    prints: tuple[Literal["label", "paper"], ...] = ("label",)
    """label: carriers' labels; paper: slips, tote labels, command sheets."""
    stock: tuple[float, float] = (101.6, 152.4)
    """Width and height in millimetres of the labels on its roll: 4 x 6 inches."""
    graphics: Literal["z64", "acs", "hex"] = "z64"
    """How it takes pictures in ZPL: some clones print nothing from z64, the smallest."""
    asks: bool = True
    """It answers its language's questions; some cheap printers print them."""
    counter: bool = True
    """It may be asked how many labels it has printed ever."""
    shared: bool = False
    """Another bench prints on it too: its counter proves nothing, only the closing scan does."""
    head_dots: int = 576
    """Of a receipt printer alone: dots across its paper."""

    def __post_init__(self) -> None:
        _check_url(self.url)
        _check("language", self.language, (*LANGUAGES, *RECEIPT_LANGUAGES))
        if self.receipts and self.prints != ("paper",):
            raise ValueError(
                f'a printer of {self.language} prints no labels: write prints = ["paper"]'
            )
        if not 64 <= self.head_dots <= 2000:
            raise ValueError(f"head_dots = {self.head_dots} must be from 64 to 2000")
        _check("dots_per_mm", self.dots_per_mm, RESOLUTIONS)
        if not all(_LEAST_STOCK_MM <= mm <= _MOST_STOCK_MM for mm in self.stock):
            stock = ", ".join(f"{mm:g}" for mm in self.stock)
            raise ValueError(f"stock = [{stock}] must be the width and height of a label in mm")

    @property
    def receipts(self) -> bool:
        """Whether it prints on a roll without labels."""
        return self.language in RECEIPT_LANGUAGES

    @property
    def answers(self) -> bool:
        """Whether it may be asked anything."""
        # A queue of CUPS has no way back: the question would be printed.
        return self.asks and self.language in ASKED and "cups://" not in self.url


class Screen(Part, frozen=True, kw_only=True):
    """How it looks and sounds."""

    palette: Literal["green", "blue", "mono"] = "green"
    sound: Literal["none", "bell", "speaker"] = "bell"


class Work(Part, frozen=True, kw_only=True):
    """How people work here."""

    ask_box: bool = False
    """Whether the packer scans the box; else the proposed one is taken."""
    boxes: tuple[tuple[str, int], ...] = ()
    """Kinds of box and their empty weight in grams, smallest first; none said: sync.orders.box."""
    weight_tolerance_percent: int = 10
    weight_tolerance_grams: int = 50
    slip: bool = False
    """Whether a packing slip goes into every parcel."""
    shop: str = ""
    """Who sells, as the packing slip says it."""


class Config(Part, frozen=True, kw_only=True):
    """The whole file."""

    hub: str = ""
    """The hub's address; `packbench enrol` writes it beside this file, and this one wins."""
    language: Literal["en", "zh"] = "en"
    scanners: dict[str, Scanner] = {}
    scales: dict[str, Scale] = {}
    printers: dict[str, Printer] = {}
    screen: Screen = Screen()
    work: Work = Work()

    def printer_of(self, what: Literal["label", "paper"]) -> str:
        """Name the first printer that prints this; "" when none does."""
        return next((name for name, one in self.printers.items() if what in one.prints), "")


def _check_url(url: str) -> None:
    if url.partition("://")[0] not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise ValueError(f"url = {url!r} must begin with one of {known}")


def _check(key: str, value: str | int, known: tuple[str | int, ...]) -> None:
    if value not in known:
        raise ValueError(f"{key} = {value!r} must be one of {', '.join(map(str, known))}")


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of this bench: PACKBENCH_HOME, or the platform's data folder."""
    if given := environ.get(HOME):
        return Path(given)
    from platformdirs import user_data_path  # who sets PACKBENCH_HOME does not pay for it

    return user_data_path("packbench", appauthor=False)


def read(path: Path) -> Config:
    """Read the file; a file that is not there says nothing. Raises BadConfig."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Config()
    except OSError as e:
        raise BadConfig(f"{path} cannot be read: {e.strerror}.") from e
    try:
        return msgspec.toml.decode(data, type=Config)
    except msgspec.DecodeError as e:
        raise BadConfig(f"{path}: {e}. Mend that line, or move the file away.") from e
