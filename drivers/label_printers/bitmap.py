"""How does a picture made for one head become dots for another?"""

from __future__ import annotations

from drivers.label_printers.label import Bitmap, Picture, Undrawable


def enlarged(picture: Picture, dots_per_mm: int) -> Bitmap:
    """Return the picture for a finer head, each dot as a whole number of dots.

    Raises Undrawable where only a fraction would fit: two thirds of a bar is no bar.
    """
    times, rest = divmod(dots_per_mm, picture.dots_per_mm)
    if rest or not times:
        raise Undrawable(
            f"a picture for {picture.dots_per_mm} dots/mm cannot be printed at {dots_per_mm}; "
            "ask for it again in the printer's resolution"
        )
    if times == 1:
        return picture.bitmap
    old = picture.bitmap
    width = old.width * times
    row_bytes = (width + 7) // 8
    data = bytearray()
    for at in range(0, len(old.data), old.row_bytes):
        bits = f"{int.from_bytes(old.data[at : at + old.row_bytes], 'big'):0{old.row_bytes * 8}b}"
        wide = "".join(bit * times for bit in bits[: old.width]).ljust(row_bytes * 8, "0")
        data += int(wide, 2).to_bytes(row_bytes, "big") * times
    return Bitmap(width, old.height * times, bytes(data))
