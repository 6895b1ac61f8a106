r"""Where does han.txt come from? Cut the characters of the verdicts out of two libre fonts.

Run by hand when a verdict needs a character that is not there yet; the fonts are not shipped:

    apt-get download fonts-unifont fonts-droid-fallback     (and unpack them with dpkg -x)
    python -m station.glyphs.engrave unifont.otf DroidSansFallbackFull.ttf CHARACTERS \
        > station/glyphs/han.txt

CHARACTERS are added to those already in the file. 16 pixels come from GNU Unifont, whose characters
were drawn pixel by pixel (an outline font is mud at that size); 24 pixels from Droid Sans Fallback.
WenQuanYi Bitmap Song has fine 12 pixel characters, but is GPL-2 only: not for an AGPL-3 program.
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from station.glyphs.face import han

HEADER = """\
; The characters of the Chinese verdicts: character, 16x16 pixels, 24x24 pixels, rows in hex.
; Written by `python -m station.glyphs.engrave`; add characters there, not here.
; 16x16: GNU Unifont 15.0.01, (c) 1998-2022 Roman Czyborra, Paul Hardy, Qianqian Fang and others,
;        GPL-2.0-or-later with the font embedding exception.
; 24x24: Droid Sans Fallback, (c) 2006-2012 The Android Open Source Project, Apache-2.0.
"""


def main(arguments: list[str]) -> int:
    """Write the data file to standard output."""
    if len(arguments) < 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    small = ImageFont.truetype(Path(arguments[0]), 16)
    large = ImageFont.truetype(Path(arguments[1]), 24)
    wanted = set(han(16)) | set("".join(arguments[2:]))
    sys.stdout.write(HEADER)
    for character in sorted(wanted):
        cells = cut(character, small, 16), cut(character, large, 24)
        sys.stdout.write(f"{character} {cells[0]} {cells[1]}\n")
    return 0


def cut(character: str, font: ImageFont.FreeTypeFont, size: int) -> str:
    """The character's pixels in a square, each row ``size // 4`` hex digits."""
    canvas = Image.new("1", (size * 2, size * 2), 0)
    pen = ImageDraw.Draw(canvas)
    pen.fontmode = "1"
    pen.text((size // 2, size // 2), character, font=font, fill=1)
    box = canvas.getbbox()
    if box is None:
        raise ValueError(f"the font has no {character}")
    left = box[0] - (size - (box[2] - box[0])) // 2
    top = box[1] - (size - (box[3] - box[1])) // 2
    square = canvas.crop((left, top, left + size, top + size))
    rows = []
    for y in range(size):
        bits = "".join("1" if square.getpixel((x, y)) else "0" for x in range(size))
        rows.append(format(int(bits, 2), f"0{size // 4}x"))
    return "".join(rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
