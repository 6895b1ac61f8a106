"""What does `packbench cards` do? It prints the command sheet: every command as a barcode."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import layouts
from drivers.label_printers.label import Label
from station import commands, config
from station.wording import LANGUAGES


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `cards`."""
    parser = subparsers.add_parser("cards", help="the command sheet: every command as a barcode")
    parser.add_argument("--language", choices=LANGUAGES, default="zh", help="beside English")
    parser.add_argument("--format", choices=("pdf", "png", "zpl", "tspl"), default="pdf")
    parser.add_argument("--dpmm", type=int, choices=(6, 8, 12, 24), default=8)
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="else standard output")


def run(args: argparse.Namespace) -> int:
    """Draw the sheet."""
    known, _ = layouts.load_all(config.home() / config.LAYOUTS)
    sheet = known["command_sheet"]
    pages = layouts.draw_pages(sheet, commands.sheet(args.language))
    drawn = _drawn(pages, args.format, args.dpmm)
    if args.output is not None:
        try:
            args.output.write_bytes(drawn)
        except OSError as e:
            sys.stderr.write(f"{args.output} cannot be written: {e.strerror}.\n")
            return 1
        return 0
    if sys.stdout.isatty():
        sys.stderr.write("Name a file: packbench cards -o cards.pdf\n")
        return 1
    sys.stdout.buffer.write(drawn)
    sys.stdout.buffer.flush()
    return 0


def _drawn(pages: tuple[Label, ...], format: str, dots_per_mm: int) -> bytes:
    from drivers.label_printers import language, preview  # drawing is 100 ms that --help need not

    if format == "pdf":
        return preview.to_pdf_pages(pages, dots_per_mm)
    if format == "png":
        return preview.render_pages(pages, dots_per_mm)
    return b"".join(language(format).render(page, dots_per_mm) for page in pages)
