"""Every layout that we ship is drawn from its sample, in every language, and looks as it did.

A golden is a PNG to be looked at and a ZPL to be compared; `PACKBENCH_GOLDEN=write` writes them
anew, and then a person looks at the PNGs. Graphics in golden ZPL are ACS, whose bytes are ours:
those of Z64 depend on the version of zlib.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from PIL import Image, ImageChops

import layouts
from drivers.label_printers import LANGUAGES, language, lint, preview, readback, typeset, zpl
from drivers.label_printers.label import Label, Symbol
from tests.drivers.label_printers.oracle import drawn

GOLDEN = Path(__file__).parent.parent / "golden" / "labels"
BUILTIN = layouts.load_builtin()
PAGES = [
    pytest.param(page, id=f"{name}-{i + 1}")
    for name, layout in BUILTIN.items()
    for i, page in enumerate(layouts.draw_pages(layout, layout.sample))
]


def codes(page: Label) -> list[str]:
    return sorted(e.data for e in page.elements if isinstance(e, Symbol))


@pytest.mark.parametrize("page", PAGES)
def test_the_picture_and_the_job_are_the_golden_ones(
    page: Label, request: pytest.FixtureRequest
) -> None:
    name = re.search(r"\[(.+)\]", request.node.name)
    assert name is not None
    png, job = GOLDEN / f"{name[1]}.png", GOLDEN / f"{name[1]}.zpl"
    picture, printed = preview.picture(page), zpl.render(page, graphics="acs")
    if os.environ.get("PACKBENCH_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        picture.save(png)
        job.write_bytes(printed.replace(b"^FS", b"^FS\n"))
    assert (
        ImageChops.difference(Image.open(png).convert("L"), picture.convert("L")).getbbox() is None
    )
    assert job.read_bytes().replace(b"\n", b"") == printed


@pytest.mark.parametrize("dots_per_mm", [6, 8, 12])
@pytest.mark.parametrize("page", PAGES)
def test_every_barcode_reads_back_at_every_resolution(page: Label, dots_per_mm: int) -> None:
    (printed,) = drawn(zpl.render(page, dots_per_mm), dots_per_mm)
    assert sorted(found.text for found in readback.read(printed)) == codes(page)
    shown = preview.picture(page, dots_per_mm)
    assert sorted(found.text for found in readback.read(shown)) == codes(page)


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_every_language_renders_every_layout(page: Label, spoken: str) -> None:
    assert language(spoken).render(page, 8)


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_off_the_paper_or_too_thin_to_scan(page: Label) -> None:
    assert lint.findings(page) == ()
    assert typeset.missing_in([page]) == ""


@pytest.mark.parametrize("layout", BUILTIN.values(), ids=BUILTIN.keys())
def test_a_layout_says_what_it_was_drawn_with(layout: layouts.Layout) -> None:
    again = layouts.load_file(layouts.FOLDER / f"{layout.name}.toml")
    assert again.version == layout.version
    assert re.fullmatch(r"[0-9a-f]{12}", layout.version)
