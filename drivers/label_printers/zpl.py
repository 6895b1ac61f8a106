r"""What bytes make a ZPL printer draw a label?

Zebra, ZPL II Programming Guide: ^XA ^FO ^A ^BC ^BQ ^BX ^BY ^FH ^FD ^GB ^GF. Composed with the
`zpl` package's Label, which is given dots (its own millimetres are cut off, not rounded) and
none of our data: every field is written here, as ^FH hexadecimal, because a buyer may be called
"^XZ~JA" and that must neither end the label nor empty the queue.

>>> from drivers.label_printers.label import Label, Text
>>> job = render(Label(50, 25, (Text(x=2, y=3, height=4, text="A^B"),)))
>>> job.partition(b"^JZY")[2]
b'^FO16,24^A0N,32,32^FH_^FDA_5EB^FS^XZ'
"""

from __future__ import annotations

import re

import zpl

from drivers.label_printers import code128, symbol, typeset
from drivers.label_printers.bitmap import enlarged
from drivers.label_printers.graphic import Encoding, gf
from drivers.label_printers.label import (
    Bitmap,
    Box,
    Code128,
    DataMatrix,
    Element,
    Label,
    Line,
    Picture,
    QrCode,
    Text,
)
from drivers.label_printers.once import Once

# These persist from the job before, so each job says them: UTF-8, origin, shift, orientation,
# mirror, reverse; ^JZY lets the printer itself repeat a label that ran out of paper half-way.
_HEADER = "^CI28^LH0,0^LS0^LT0^FWN^PON^PMN^LRN^JZY"

# Data Matrix: the character that escapes controls, given in each job as firmwares' defaults differ.
_ESCAPE = "#"

_PAIRS = tuple(f"{value:02d}" for value in range(100))
_SPECIAL = re.compile(r"[\^~_\\]")
_COMMANDS: Once[str] = Once()

_COARSEST_QR = 10
"""Dots: ^BQ's largest module on firmwares of every age. 600 dpi wants 12, and gets dots of ours."""

_CODE_128 = {code128.START_B: ">:", code128.START_C: ">;"}


def render(label: Label, dots_per_mm: int = 8, *, graphics: Encoding = "z64") -> bytes:
    """Return the whole job for one copy. Raises Undrawable for an element that cannot be."""
    page = zpl.Label(
        height=round(label.height * dots_per_mm), width=round(label.width * dots_per_mm), dpmm=1
    )
    page.zpl_raw(_HEADER)
    made = _COMMANDS.made((dots_per_mm, graphics))
    for element in label.elements:
        known = made.get(id(element))
        if known is not None:
            page.code += known[1]
            continue
        before = len(page.code)
        if type(element) is Text:  # most are, and nothing else is new on every label
            page.zpl_raw(_text(element, dots_per_mm, graphics))
        else:
            _draw(page, element, dots_per_mm, graphics)
        made[id(element)] = (element, page.code[before:])
    return str(page.dumpZPL()).encode("ascii")


def field(text: str) -> str:
    r"""Return field data as ^FH_ wants it: bytes beyond printable ASCII, ^ ~ _ \ in hexadecimal.

    >>> field("ü_~")
    '_C3_BC_5F_7E'
    """
    if text.isascii() and text.isprintable() and not _SPECIAL.search(text):
        return text
    return "".join(
        chr(b) if 0x20 <= b <= 0x7E and b not in b"^~_\\" else f"_{b:02X}"
        for b in text.encode("utf-8")
    )


def _draw(page: zpl.Label, element: Element, dpmm: int, graphics: Encoding) -> None:
    match element:
        case Text():
            page.zpl_raw(_text(element, dpmm, graphics))
        case Code128():
            symbol.size(element, dpmm)  # refuses what does not go in
            width = symbol.module_dots(element, dpmm)
            height = max(1, round(element.height * dpmm))
            data = _code128(element)
            command = f"^BY{width},3,{height}^BCN,{height},N,N,N,N"
            page.zpl_raw(
                _field(symbol.start(element, dpmm), round(element.y * dpmm), command, data)
            )
        case QrCode():
            symbol.rows(element)  # refuses what does not go in
            x, y = symbol.start(element, dpmm), round(element.y * dpmm)
            module = symbol.module_dots(element, dpmm)
            if module > _COARSEST_QR:
                _graphic(page, x, y, symbol.bitmap(element, dpmm), graphics)
                return
            # ^FO places a QR code as much lower as ^BY's height says; so it says one dot.
            command = f"^BY2,3,1^BQN,2,{module}"
            page.zpl_raw(_field(x, y, command, "MA," + element.data))
        case DataMatrix():
            symbol.rows(element)  # refuses what does not go in
            command = f"^BXN,{symbol.module_dots(element, dpmm)},200,,,,{_ESCAPE}"
            data = element.data.replace(_ESCAPE, _ESCAPE * 2)
            page.zpl_raw(
                _field(symbol.start(element, dpmm), round(element.y * dpmm), command, data)
            )
        case Line():
            width = max(1, round(element.width * dpmm))
            height = max(1, round(element.height * dpmm))
            _box(page, element, dpmm, width, height, min(width, height))
        case Box():
            width, height = round(element.width * dpmm), round(element.height * dpmm)
            thickness = max(1, round(element.thickness * dpmm))
            _box(page, element, dpmm, width, height, thickness)
        case Picture():
            bitmap = enlarged(element, dpmm)
            _graphic(page, round(element.x * dpmm), round(element.y * dpmm), bitmap, graphics)


def _text(text: Text, dpmm: int, graphics: Encoding) -> str:
    native = typeset.native(text.text)
    words = text.text if native else typeset.printable(text.text)
    dots = max(1, round(text.height * dpmm))
    x, y = round(text.x * dpmm), round(text.y * dpmm)
    if text.align != "left":
        x += typeset.indent(text, typeset.dots_wide(words, dots, bold=text.bold), dpmm)
    reverse = "^FR" if text.inverse else ""
    if native or typeset.native(words):
        if not words.strip():
            return ""
        command = f"{reverse}^A0N,{dots},{dots}"
        if not text.bold or text.inverse:
            return _field(x, y, command, words)
        struck = typeset.strikes(text, dots)
        return "".join(_field(x + shift, y, command, words) for shift in struck)
    line = typeset.drawn(words, dots, bold=text.bold and not text.inverse)
    if line is None:
        return ""
    top = y + round(dots * typeset.BASELINE) - line.top
    return f"^FO{max(0, x + line.left)},{max(0, top)}{reverse}{gf(line.bitmap, graphics)}^FS"


def _field(x: int, y: int, command: str, data: str) -> str:
    return f"^FO{x if x > 0 else 0},{y if y > 0 else 0}{command}^FH_^FD{field(data)}^FS"


def _graphic(page: zpl.Label, x: int, y: int, bitmap: Bitmap, graphics: Encoding) -> None:
    page.origin(max(0, x), max(0, y))
    page.zpl_raw(gf(bitmap, graphics))
    page.endorigin()


def _box(
    page: zpl.Label, at: Line | Box, dpmm: int, width: int, height: int, thickness: int
) -> None:
    page.origin(max(0, round(at.x * dpmm)), max(0, round(at.y * dpmm)))
    page.draw_box(width, height, thickness)
    page.endorigin()


def _code128(element: Code128) -> str:
    """Return the data with the code sets that we chose; '>' is ZPL's own escape."""
    values = code128.encoded(element.data, gs1=element.gs1)
    written, in_c = [_CODE_128[values[0]]], values[0] == code128.START_C
    for value in values[1:]:
        if value < code128.CODE_C:
            char = chr(value + 32)
            written.append(_PAIRS[value] if in_c else ">0" if char == ">" else char)
        elif value == code128.FNC1:
            written.append(">8")
        elif in_c and value == code128.CODE_B:
            written.append(">6")
            in_c = False
        else:
            written.append(_PAIRS[value] if in_c else ">5")
            in_c = True
    return "".join(written)
