"""How does a label from outside become the bytes of a job, for one printer and one parcel?

Sniffed (`sniff`), drawn at the head's own dots (`pdf`, `foreign`), cut out of its page (`sheet`),
turned if it lies, and read back (`readback`): only a label that bears its own parcel's barcode is
given out. ZPL for a printer that speaks it at the same dots goes through as it came; every other
label becomes one picture, dot for dot or in whole multiples, since two thirds of a bar is no bar.

All of it is a second of CPU at worst and reads bytes of strangers: the bench has it done by a
process of its own (`station/label_process.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from PIL import Image

from drivers.label_printers import foreign, pdf, png, readback, resolution, sheet, zpl
from drivers.label_printers import zpl_text as source
from drivers.label_printers.bitmap import dots_of, enlarged
from drivers.label_printers.head import Head
from drivers.label_printers.label import Bitmap, Label, Picture, Undrawable
from drivers.label_printers.language import Language
from drivers.label_printers.sheet_rule import Box, Rule
from drivers.label_printers.sniff import Kind, sniff
from drivers.label_printers.unusable import Unusable, Why

Ours = Callable[[str], bool]
"""Whether the text of a barcode is that of the parcel that the label is for."""
Draw = Callable[[bytes, int], list[Image.Image]]
"""Draws ZPL at so many dots to the millimetre, as `foreign.pictures` does."""

_TRIM_MM = 8.0
"""White that may be cut off a page that is a little larger than the label: A6 on 4x6 inches."""
_MOST_GRAPHIC = 99_999
"""Bytes that one ^GF may draw (ZPL II Programming Guide, its parameter c)."""
_LEAST_WIDTH, _LEAST_HEIGHT = 0.75, 0.7
"""Of the printer's labels that a block on a page must fill: less may be half a label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is known of the label beside its bytes."""

    carrier: str = ""
    format: str = ""
    """As the carrier calls it; may say its dpi."""
    rules: Sequence[Rule] = ()


def prepare(
    data: bytes, head: Head, origin: Origin, ours: Ours, draw: Draw = foreign.pictures
) -> bytes:
    """Return the job that prints the label. Raises Unusable, with why not."""
    sniffed = sniff(data)
    match sniffed.kind:
        case Kind.ZPL:
            return _from_zpl(sniffed.data, head, origin, ours, draw)
        case Kind.PDF:
            pages = pdf.pages(sniffed.data, head.dots_per_mm)
        case Kind.PNG:
            pages = iter((_png_page(sniffed.data, head, origin),))
    return job(_own_label(pages, head, origin, ours), head)


# -- pages


def _own_label(pages: Iterator[Image.Image], head: Head, origin: Origin, ours: Ours) -> Image.Image:
    """Return the part of the pages that bears the parcel's barcode, as large as a label here."""
    others: list[str] = []
    unplaced: Unusable | None = None
    for number, page in enumerate(pages, 1):
        try:
            for label in _candidates(page, number, head, origin):
                codes = [found.text for found in readback.read(label)]
                if any(map(ours, codes)):
                    return label
                others += codes
        except Unusable as error:
            codes = [found.text for found in readback.read(page)]
            others += codes
            if any(map(ours, codes)):
                unplaced = error
    if unplaced is not None:
        raise unplaced
    raise _not_ours(others)


def _candidates(
    page: Image.Image, number: int, head: Head, origin: Origin
) -> Iterator[Image.Image]:
    """Give what may be the label on a page, likeliest first. Raises Unusable for no idea."""
    dots = head.dots_per_mm
    width, height = page.width / dots, page.height / dots
    rules = (*origin.rules, *sheet.builtin())
    rule = sheet.rule_for(rules, origin.carrier, width, height, number)
    if rule is not None:
        yield _fitted(page.crop(rule.box(dots)), head)
        return
    if sheet.names_pages(rules, origin.carrier, width, height):
        return  # it is said which page the label is on, and this is another one
    fits = _laid(page, head)
    if fits is not None:
        yield fits
        return
    yield from _blocks(page, head)
    raise Unusable(
        Why.NO_PLACE,
        f"on a page of {width:.0f} x {height:.0f} mm no label of the printer's size stands by "
        "itself; say in sheets.toml where it lies",
    )


def _blocks(page: Image.Image, head: Head) -> Iterator[Image.Image]:
    wide, high = head.dots
    seen = set()
    for gap in sheet.GAPS_MM:
        for box in sheet.blocks(page, head.dots_per_mm, gap):
            across, down = sorted((box[2] - box[0], box[3] - box[1]))
            large = across >= _LEAST_WIDTH * min(wide, high)
            large = large and down >= _LEAST_HEIGHT * max(wide, high)
            label = _laid(page.crop(box), head) if large and box not in seen else None
            seen.add(box)
            if label is not None:
                yield label


def _fitted(part: Image.Image, head: Head) -> Image.Image:
    label = _laid(part, head)
    if label is None:
        mm = tuple(round(dots / head.dots_per_mm) for dots in part.size)
        raise Unusable(
            Why.DOES_NOT_FIT,
            f"this label is {mm[0]} x {mm[1]} mm, and the printer's are "
            f"{head.stock[0]:g} x {head.stock[1]:g} mm; nothing is shrunk: use a larger roll",
        )
    return label


def _laid(part: Image.Image, head: Head) -> Image.Image | None:
    """Lay a label on the printer's, upright or turned by a quarter; None where it is too large.

    Only white is cut off, and nothing is scaled. A turned label is as good as an upright one.
    """
    wide, high = head.dots
    for turned in (False, True):
        size = part.size[::-1] if turned else part.size
        over = max(size[0] - wide, size[1] - high) / head.dots_per_mm
        if over > _TRIM_MM:
            continue
        picture = part.transpose(Image.Transpose.ROTATE_90) if turned else part
        dark = sheet.ink(picture) or (0, 0, 1, 1)
        if dark[2] - dark[0] > wide or dark[3] - dark[1] > high:
            continue
        page = Image.new("L", (wide, high), 255)
        left = _shift(picture.width, wide, dark[0], dark[2])
        top = _shift(picture.height, high, dark[1], dark[3])
        page.paste(picture, (left, top))
        return page.point([0 if grey < 128 else 255 for grey in range(256)], "L")
    return None


def _shift(size: int, room: int, first: int, last: int) -> int:
    """Return where a picture begins: in the middle, moved until all its ink is on the label."""
    return min(max((room - size) // 2, -first), room - last)


def _not_ours(codes: Sequence[str]) -> Unusable:
    if not codes:
        said = "no barcode can be read on this label; look at it, and have it fetched again"
        return Unusable(Why.NO_CODE, said)
    said = f"this label shows {len(codes)} barcodes, and none is this parcel's: it is another's"
    return Unusable(Why.OTHER_PARCEL, said)


# -- pictures


def _png_page(data: bytes, head: Head, origin: Origin) -> Image.Image:
    picture = png.picture(data)
    dpi = picture.info.get("dpi")
    made_for = (
        resolution.declared(origin.format)
        or resolution.of_size(*picture.size)
        or (resolution.of_dpi(dpi[0]) if isinstance(dpi, tuple) and dpi[0] else None)
    )
    return _enlarged(picture, _known(made_for), head)


def _known(made_for: int | None) -> int:
    if made_for is None:
        raise Unusable(
            Why.DOTS_UNKNOWN,
            "this label does not say for which resolution it is made; ask the carrier for ZPL "
            "with its size, or for a PDF",
        )
    return made_for


def _enlarged(picture: Image.Image, made_for: int, head: Head) -> Image.Image:
    """Return the picture at the head's own dots, each of its dots a whole number of them."""
    times, rest = divmod(head.dots_per_mm, made_for)
    if rest or not times:
        dpi = resolution.DOTS_PER_MM
        raise Unusable(
            Why.OTHER_DOTS,
            f"this label is made for {dpi[made_for]} dpi, and the printer has "
            f"{dpi[head.dots_per_mm]}; ask the carrier for the printer's resolution, or for a PDF",
        )
    if times == 1:
        return picture
    whole = Picture(x=0, y=0, bitmap=dots_of(picture), dots_per_mm=made_for)
    return _grey(enlarged(whole, head.dots_per_mm))


def _grey(dots: Bitmap) -> Image.Image:
    black = Image.frombytes("1", (dots.width, dots.height), dots.data).convert("L")
    return black.point([255 - grey for grey in range(256)])


# -- ZPL


def _from_zpl(data: bytes, head: Head, origin: Origin, ours: Ours, draw: Draw) -> bytes:
    made_for = _known(resolution.declared(origin.format) or resolution.of_zpl(data))
    # "Dot for dot" needs the same dots, and a printer that speaks it.
    through = head.language == "zpl" and made_for == head.dots_per_mm
    try:
        drawn = draw(data, made_for)
    except Unusable as error:
        if not through:
            raise
        return _unseen(data, ours, error)
    if through and len(drawn) == 1:
        return _as_it_came(data, drawn[0], head, ours)
    pages = (_enlarged(picture, made_for, head) for picture in drawn)
    return job(_own_label(pages, head, origin, ours), head)


def _as_it_came(data: bytes, drawn: Image.Image, head: Head, ours: Ours) -> bytes:
    """Return the carrier's own bytes, once they are known to be this parcel's and to fit."""
    codes = [found.text for found in readback.read(drawn)]
    if not any(map(ours, codes)):
        raise _not_ours(codes)
    dark, room = sheet.ink(drawn), head.dots
    if dark is not None and (dark[2] > room[0] or dark[3] > room[1]):
        return job(_fitted(drawn, head), head)
    return source.once(data)


def _unseen(data: bytes, ours: Ours, error: Unusable) -> bytes:
    """Return bytes that cannot be drawn here if what they say of their barcodes is right."""
    codes = source.barcodes(data)
    if any(map(ours, codes)) and source.labels(data) == 1:
        return source.once(data)
    # Whose barcodes are all in sight is another parcel's; who has none, or pictures, must be drawn.
    raise _not_ours(codes) if codes and not source.pictured(data) else error


# -- jobs


def job(page: Image.Image, head: Head) -> bytes:
    """Return what prints a page, dot for dot. Raises Unusable."""
    dots = head.dots_per_mm
    box = sheet.ink(page) or (0, 0, 1, 1)
    label = Label(page.width / dots, page.height / dots, tuple(_bands(page, box, dots)))
    try:
        if head.language == "zpl":
            return zpl.render(label, dots, graphics=head.graphics)
        # A module cannot be checked against a protocol when its name is data; the tests do it.
        spoken = cast(Language, import_module(f"{__package__}.{head.language}"))
        return spoken.render(label, dots)
    except Undrawable as error:
        raise Unusable(Why.CANNOT_DRAW, str(error)) from error


def _bands(page: Image.Image, box: Box, dots_per_mm: int) -> Iterator[Picture]:
    """Give what is black in pieces that ^GF can count."""
    left, top, right, bottom = box
    rows = max(1, _MOST_GRAPHIC // ((right - left + 7) // 8))
    for y in range(top, bottom, rows):
        band = page.crop((left, y, right, min(y + rows, bottom)))
        yield Picture(
            x=left / dots_per_mm,
            y=y / dots_per_mm,
            bitmap=dots_of(band),
            dots_per_mm=dots_per_mm,
        )
