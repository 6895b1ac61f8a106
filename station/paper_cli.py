"""What does `packbench label …` do?

Lists layouts, draws one, reads back every barcode of a file, and redraws at every save.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

import layouts
from drivers.label_printers import LANGUAGES, language
from drivers.label_printers.label import Label, Symbol, Undrawable
from layouts import Layout, LayoutError
from station import config

# Any: what a layout's templates ask for is between it and the data file.

_SPOKEN = (*LANGUAGES, "escpos", "png", "pdf")
_DOTS_PER_MM = (6, 8, 12, 24)
"""Heads of 152, 203, 300 and 600 dpi."""


class Refused(Exception):
    """What was asked cannot be done; the sentence says what to do."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `label` and its verbs."""
    parser = subparsers.add_parser("label", help="layouts: list, draw, read back, watch")
    parser.add_argument(
        "--layouts",
        type=Path,
        metavar="FOLDER",
        help="your own layouts, over ours; else the folder `layouts` of PACKBENCH_HOME",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    listing = verbs.add_parser("list", help="what layouts there are")
    listing.add_argument("--json", action="store_true")
    render = verbs.add_parser("render", help="draw one layout")
    _drawing(render)
    render.add_argument("-o", "--output", type=Path, metavar="FILE", help="else standard output")
    check = verbs.add_parser("check", help="read back every barcode of a file, or of all layouts")
    check.add_argument(
        "file",
        type=Path,
        nargs="?",
        help="ZPL, TSPL, ESC/POS, PDF or PNG; without one, every layout in every language",
    )
    check.add_argument("--dpmm", type=int, choices=_DOTS_PER_MM, default=8)
    watch = verbs.add_parser("watch", help="redraw at every save, until Ctrl-C")
    watch.add_argument(
        "folder",
        type=Path,
        nargs="?",
        help="else the folder `layouts` of PACKBENCH_HOME, or if there is none, this one",
    )
    watch.add_argument("--dpmm", type=int, choices=_DOTS_PER_MM, default=8)
    watch.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="for PNGs; else beside")


def run(args: argparse.Namespace) -> int:
    """Do what the parsed arguments say; return the exit status."""
    verbs: dict[str, Callable[[argparse.Namespace], None]] = {
        "list": _list,
        "render": _render,
        "check": _check,
        "watch": _watch,
    }
    try:
        verbs[args.verb](args)
    except (Refused, LayoutError, Undrawable) as error:
        _say(sys.stderr, str(error))
        return 1
    except BrokenPipeError:
        return 1
    return 0


def _drawing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="of a layout, or the path of a layout file")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--sample", action="store_true", help="draw the layout's own sample (default)"
    )
    what.add_argument("--data", type=Path, metavar="FILE", help="JSON with the values to draw")
    parser.add_argument("--language", choices=_SPOKEN, default="zpl")
    parser.add_argument("--dpmm", type=int, choices=_DOTS_PER_MM, default=8)


def _list(args: argparse.Namespace) -> None:
    known = _known(args.layouts)
    if args.json:
        rows = [
            {
                "name": layout.name,
                "title": layout.title,
                "width": layout.width,
                "height": layout.height,
                "version": layout.version,
            }
            for layout in known.values()
        ]
        _say(sys.stdout, msgspec.json.encode(rows).decode("utf-8"))
        return
    for layout in known.values():
        size = f"{layout.width:g} x {layout.height:g} mm"
        _say(sys.stdout, f"{layout.name:<16} {size:<14} {layout.title}")


def _render(args: argparse.Namespace) -> None:
    layout = _layout(args.name, args.layouts)
    data = layout.sample if args.data is None else _data(args.data)
    pages = layouts.draw_pages(layout, data)
    _warn_of_missing(pages)
    rendered = _rendered(pages, args.language, args.dpmm)
    if args.output is None:
        sys.stdout.buffer.write(rendered)
        sys.stdout.buffer.flush()
        return
    try:
        args.output.write_bytes(rendered)
    except OSError as error:
        raise Refused(f"{args.output} cannot be written: {error.strerror}") from error


def _rendered(pages: tuple[Label, ...], spoken: str, dots_per_mm: int) -> bytes:
    if spoken == "pdf":
        from drivers.label_printers import preview  # drawing is 100 ms that `list` does not need

        return preview.to_pdf_pages(pages, dots_per_mm)
    if spoken == "png":
        from drivers.label_printers import preview  # as above

        return preview.render_pages(pages, dots_per_mm)
    if spoken == "escpos":
        from drivers.receipt_printers import escpos  # as above

        return b"".join(escpos.render(page, dots_per_mm) for page in pages)
    return b"".join(language(spoken).render(page, dots_per_mm) for page in pages)


def _check(args: argparse.Namespace) -> None:
    if args.file is None:
        _check_all(args)
        return
    codes = _codes(_bytes(args.file), args.dpmm)
    _say(sys.stdout, msgspec.json.encode(codes).decode("utf-8"))


def _codes(data: bytes, dots_per_mm: int) -> Sequence[Any]:
    from drivers.label_printers import readback  # 100 ms of image code that `list` does not need
    from drivers.receipt_printers import readback as receipts  # as above

    if receipts.is_job(data):
        return [found for sheet in receipts.pictures(data) for found in readback.read(sheet)]
    return readback.codes_in(data, dots_per_mm)


def _check_all(args: argparse.Namespace) -> None:
    """Draw every layout's sample in every language and read it back; refused if one is not read."""
    rows, wrong = [], []
    for layout in _known(args.layouts).values():
        pages = layouts.draw_pages(layout, layout.sample)
        wanted = sorted(e.data for p in pages for e in p.elements if isinstance(e, Symbol))
        for spoken in _SPOKEN:
            codes = _codes(_rendered(pages, spoken, args.dpmm), args.dpmm)
            ok = sorted(code.text for code in codes) == wanted
            rows.append({"layout": layout.name, "language": spoken, "ok": ok, "codes": codes})
            wrong += [] if ok else [f"{layout.name} in {spoken}"]
    _say(sys.stdout, msgspec.json.encode(rows).decode("utf-8"))
    if wrong:
        said = ", ".join(wrong)
        raise Refused(f"not every barcode is read back: {said}. Make their modules larger.")


def _watch(args: argparse.Namespace) -> None:
    from station.layout_reload import LayoutShelf, LayoutWatch  # watchdog is for this verb alone

    home = config.home() / config.LAYOUTS
    folder: Path = args.folder or (home if home.is_dir() else Path())
    if not folder.is_dir():
        raise Refused(f"{folder} is no folder")
    shelf = LayoutShelf(folder, lambda name: _redraw(shelf, folder, name, args))
    watch = LayoutWatch(shelf, folder)
    _say(sys.stderr, f"watching {folder.resolve()}; Ctrl-C ends")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        watch.stop()


def _redraw(shelf: Any, folder: Path, name: str, args: argparse.Namespace) -> None:  # noqa: ANN401  # a LayoutShelf, whose module is loaded late
    from drivers.label_printers import preview  # as above

    trouble = shelf.troubles.get(f"{name}.toml")
    if trouble is not None:
        _say(sys.stderr, trouble)
        return
    layout = shelf.layouts.get(name)
    if layout is None or not (folder / f"{name}.toml").exists():
        return
    target = (args.output or folder) / f"{name}.png"
    pages = layouts.draw_pages(layout, layout.sample)
    target.write_bytes(preview.render_pages(pages, args.dpmm))
    _say(sys.stderr, f"{name}: drawn to {target}")


def _layout(name: str, folder: Path | None) -> Layout:
    if name.endswith(".toml"):
        return layouts.load_file(Path(name))
    known = _known(folder, name)
    if name not in known:
        raise Refused(f"there is no layout {name!r}; there are {', '.join(sorted(known))}")
    return known[name]


def _known(folder: Path | None, wanted: str = "") -> Mapping[str, Layout]:
    """Return the layouts that there are; of a wrong file say so, or raise if it is wanted."""
    known, wrong = layouts.load_all(folder or config.home() / config.LAYOUTS)
    if wanted in wrong:
        raise wrong[wanted]
    for error in wrong.values():
        _say(sys.stderr, str(error))
    return known


def _data(path: Path) -> Mapping[str, Any]:
    try:
        data = msgspec.json.decode(_bytes(path), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Refused(f"{path} is no JSON object: {error}") from error
    return data


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error


def _warn_of_missing(pages: tuple[Label, ...]) -> None:
    from drivers.label_printers import typeset  # as above

    missing = typeset.missing_in(pages)
    if missing:
        _say(sys.stderr, f"no font here has {' '.join(missing)}; a ? stands in their place")


def _say(stream: TextIO, sentence: str) -> None:
    stream.write(sentence + "\n")
    stream.flush()
