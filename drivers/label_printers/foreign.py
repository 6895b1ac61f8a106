"""What does somebody else's ZPL look like?

A carrier's ZPL can only be drawn by a program that knows all of the language: `zplkit`, an extra
(`pip install packbench[render]`). Its licence, OSL-3.0, keeps it out of our processes, so this
module runs itself as another one: ZPL on standard input, one PNG after the other on standard
output, each after its length in four bytes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO

from PIL import Image

from drivers.label_printers.bitmap import from_grey
from drivers.label_printers.label import Label
from drivers.label_printers.resolution import DOTS_PER_MM
from drivers.label_printers.unusable import Unusable, Why

_DEADLINE_SECONDS = 20
"""A label takes 5 ms; the start of Python and a busy machine take the rest."""
_MOST_BYTES = 4_000_000
"""Of a job; a 4x6 inch page in plain hex at 600 dpi is just under."""

_MOST_MM = 450
"""^PW and ^LL may say anything up to 32,000 dots, and a page of that is gigabytes."""

# What moves paper, asks or sets, and leaves no ink; the renderer refuses what it cannot show.
_NO_INK = frozenset(
    (  # noqa: SIM905  # a table to read, not 70 strings to scroll past
        "^MN ^PR ^PQ ^MM ^MT ^MD ~SD ^SD ^JM ^JU ^JZ ^MC ^MF ^MP ^MU ^XB ^ID ^SZ ^FC ^PP ^PF ^SP "
        "^ST ^SL ^SO ^KL ^HH ^HW ^JJ ^JT ^ML ^MW ^NC ^KN ^KD ^CP ^CV ^PH ~PH ~PP ~PS ~PR ~HS ~HI "
        "~HM ~HQ ~HB ~HD ~HU ~JA ~JB ~JC ~JD ~JE ~JF ~JG ~JI ~JL ~JN ~JO ~JP ~JQ ~JR ~JS ~JX ~TA "
        "~WC ~RO ^HV "
    ).split()
)


def pictures(zpl: bytes, dots_per_mm: int = 8) -> list[Image.Image]:
    """Return the labels that a job draws. Raises Unusable, with what to install if need be."""
    check(zpl)
    command = [sys.executable, "-m", "drivers.label_printers.foreign", str(dots_per_mm)]
    try:
        done = subprocess.run(  # noqa: S603  # this very module, with a number we made
            command, input=zpl, capture_output=True, timeout=_DEADLINE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        said = f"drawing this ZPL took over {_DEADLINE_SECONDS} seconds"
        raise Unusable(Why.CANNOT_DRAW, said) from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Unusable(Why.CANNOT_DRAW, f"this ZPL cannot be drawn: {said}")
    return list(images(done.stdout))


def pictures_here(zpl: bytes, dots_per_mm: int = 8) -> list[Image.Image]:
    """Do as `pictures`, in this process: only for one that may load zplkit. Raises Unusable."""
    check(zpl)
    try:
        return list(images(stream(zpl, dots_per_mm)))
    except ValueError as error:  # what zplkit cannot show
        raise Unusable(Why.CANNOT_DRAW, f"this ZPL cannot be drawn: {error}") from error


def check(zpl: bytes) -> None:
    """Raise Unusable where drawing need not be tried."""
    if find_spec("zplkit") is None:
        raise Unusable(
            Why.NO_RENDERER,
            f"drawing ZPL needs zplkit, which is not installed: "
            f'{sys.executable} -m pip install "packbench[render]"',
        )
    if len(zpl) > _MOST_BYTES:
        said = f"this job has {len(zpl)} bytes; {_MOST_BYTES} is the most"
        raise Unusable(Why.TOO_LARGE, said)


def labels(zpl: bytes, dots_per_mm: int = 8) -> list[Label]:
    """Return a job's labels as one picture each, for a printer that knows no ZPL.

    Raises Unusable.
    """
    return [from_grey(picture, dots_per_mm) for picture in pictures(zpl, dots_per_mm)]


def images(piped: bytes) -> Iterator[Image.Image]:
    """Return the labels that `stream` has written."""
    at = 0
    while at < len(piped):
        length = int.from_bytes(piped[at : at + 4], "big")
        yield Image.open(BytesIO(piped[at + 4 : at + 4 + length])).convert("L")
        at += 4 + length


def _size(zpl: bytes, dots_per_mm: int) -> tuple[int, int]:
    """Return the dots that the job says its label has; a 4 by 6 inch label when it does not."""
    sizes = []
    for command, mm in ((b"PW", 101.6), (b"LL", 152.4)):
        otherwise = round(mm * dots_per_mm)
        found = [int(n) for n in re.findall(rb"\^" + command + rb"0*(\d{1,5})", zpl)]
        sizes.append(min(max(found, default=otherwise) or otherwise, _MOST_MM * dots_per_mm))
    return sizes[0], sizes[1]


def stream(zpl: bytes, dots_per_mm: int) -> bytes:
    """Return the labels as this module's stream. Runs in the process that may load zplkit."""
    import zplkit  # its licence keeps it out of the program's own process
    from zplkit.parse import parse
    from zplkit.rendering import Limits

    kept = b"".join(
        bytes(piece)
        for piece in parse(zpl).elements
        if not (
            piece.kind in ("format_command", "control_command")
            and bytes(piece)[:3].upper().decode("ascii", "replace") in _NO_INK
        )
    )
    width, height = _size(zpl, dots_per_mm)
    options = zplkit.Options(width=width, height=height, dpi=DOTS_PER_MM.get(dots_per_mm, 203))
    drawn = zplkit.render(kept, options, limits=Limits(graphic_bytes=_MOST_BYTES))
    pages = [label.png() for label in drawn.labels]
    return b"".join(len(png).to_bytes(4, "big") + png for png in pages)


if __name__ == "__main__":
    sys.stdout.buffer.write(stream(sys.stdin.buffer.read(), int(sys.argv[1])))
