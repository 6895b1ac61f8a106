"""Which modules are black in a barcode, how large is it, and where does it begin?

Code 128 is encoded here (`code128`), so its width is exact; QR codes and Data Matrix are
encoded by zxing-cpp for previews and bitmap printers, and by the printer itself in ZPL.
"""

from __future__ import annotations

from functools import lru_cache

import zxingcpp

from drivers.label_printers import code128
from drivers.label_printers.label import (
    Bitmap,
    Code128,
    DataMatrix,
    QrCode,
    Symbol,
    Undrawable,
)
from drivers.label_printers.once import Once

QUIET = {Code128: 10, QrCode: 4, DataMatrix: 1}
"""Modules that stay white beside the symbol: ISO/IEC 15417, 18004, 16022."""

MOST = {Code128: 80, QrCode: 1200, DataMatrix: 800}
"""Characters of data; what a label can hold, well under what the symbologies allow."""

_SIZES: Once[tuple[int, int]] = Once()


def module_dots(symbol: Symbol, dots_per_mm: int) -> int:
    """Return the module in whole dots, at least one."""
    return max(1, round(symbol.module * dots_per_mm))


def rows(symbol: Symbol) -> tuple[str, ...]:
    """Return the modules without quiet zone, "1" black; a Code 128 is one row.

    Raises Undrawable when the data does not go into the symbol.
    """
    _refuse_the_long(symbol)
    if isinstance(symbol, Code128):
        return (code128.bars(code128.encoded(symbol.data, gs1=symbol.gs1)),)
    return _matrix(type(symbol).__name__, symbol.data)


def start(symbol: Symbol, dots_per_mm: int) -> int:
    """Return the dots from the left edge of the label to the first module."""
    left = round(symbol.x * dots_per_mm)
    if symbol.width is None or symbol.align == "left":
        return left
    spare = round(symbol.width * dots_per_mm) - size(symbol, dots_per_mm)[0]
    return left + (spare // 2 if symbol.align == "center" else spare)


def size(symbol: Symbol, dots_per_mm: int) -> tuple[int, int]:
    """Return width and height in dots, without quiet zone. Raises Undrawable, as `rows` does."""
    known = _SIZES.made(dots_per_mm).get(id(symbol))
    if known is not None:
        return known[1]
    module = module_dots(symbol, dots_per_mm)
    if isinstance(symbol, Code128):
        _refuse_the_long(symbol)
        wide = code128.modules(code128.encoded(symbol.data, gs1=symbol.gs1))
        dots = wide * module, round(symbol.height * dots_per_mm)
    else:
        modules = rows(symbol)
        dots = len(modules[0]) * module, len(modules) * module
    _SIZES.made(dots_per_mm)[id(symbol)] = (symbol, dots)
    return dots


def bitmap(symbol: Symbol, dots_per_mm: int) -> Bitmap:
    """Return the symbol as dots, without quiet zone."""
    width, height = size(symbol, dots_per_mm)
    module = module_dots(symbol, dots_per_mm)
    row_bytes = (width + 7) // 8
    data = bytearray()
    for row in rows(symbol):
        bits = "".join(bit * module for bit in row).ljust(row_bytes * 8, "0")
        times = height if isinstance(symbol, Code128) else module
        data += int(bits, 2).to_bytes(row_bytes, "big") * times
    return Bitmap(width, height, bytes(data))


def _refuse_the_long(symbol: Symbol) -> None:
    most = MOST[type(symbol)]
    if len(symbol.data) > most:
        raise Undrawable(
            f"{type(symbol).__name__} data of {len(symbol.data)} characters is more than "
            f"the {most} that a label can hold"
        )


@lru_cache(maxsize=256)
def _matrix(kind: str, data: str) -> tuple[str, ...]:
    try:
        if kind == "QrCode":
            drawn = zxingcpp.create_barcode(data, zxingcpp.QRCode, ec_level="M")
        else:
            drawn = zxingcpp.create_barcode(data, zxingcpp.DataMatrix, force_square=True)
    except ValueError as error:
        raise Undrawable(f"{data!r} does not go into a {kind}: {error}") from error
    image = drawn.to_image(scale=1, add_quiet_zones=False)
    height, width = image.shape
    grey = bytes(memoryview(image))  # type: ignore[arg-type]  # a buffer, which its stub forgot
    return tuple(
        "".join("0" if dot else "1" for dot in grey[y * width : (y + 1) * width])
        for y in range(height)
    )
