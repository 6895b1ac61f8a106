"""How does somebody else's picture become dots for our head?"""

from __future__ import annotations

from PIL import Image

from drivers.label_printers.label import Bitmap, Label, Picture, Undrawable

BLACK_BELOW = 128
_THRESHOLD = [255 if grey < BLACK_BELOW else 0 for grey in range(256)]


def from_grey(picture: Image.Image, dots_per_mm: int) -> Label:
    """Return a label of one picture, each of its dots a dot; a threshold, and never a dither."""
    whole = Picture(x=0, y=0, bitmap=dots_of(picture), dots_per_mm=dots_per_mm)
    return Label(picture.width / dots_per_mm, picture.height / dots_per_mm, (whole,))


def dots_of(picture: Image.Image) -> Bitmap:
    """Return a grey picture's dots: black below the threshold, white above."""
    black = picture.point(_THRESHOLD, "1")
    return Bitmap(black.width, black.height, black.tobytes())


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
