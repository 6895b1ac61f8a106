"""What the paper says: one TOML file a layout, in millimetres, and the few files that draw it.

`format.py` says what may stand in a file, `source.py` on which line it does not, `expression.py`
what `{{ … }}` may do, `fit.py` how text is broken and shrunk, `place.py` where each part lands,
`layout.py` puts them together, `errors.py` says whose fault it is. Pure but for `load`, which reads
a folder; watching a folder is the bench's business.

    >>> from drivers.label_printers import language
    >>> shipping = load_builtin()["shipping"]
    >>> job = language("zpl").render(draw(shipping, shipping.sample), 8)

To change a layout: copy its file from here into the folder `layouts` of PACKBENCH_HOME and edit it
there; a file of yours with the same name wins over ours, and a new name is a new layout.
`packbench label watch` redraws at every save; the bench takes an edit once its sample can be drawn,
and otherwise goes on with the last good one. A file is drawn with its `[sample]` when it is loaded,
so every layout is a test of itself.

    title = "Fragile"
    width = 100                  # millimetres, as is everything
    height = 50

    [[part]]
    kind = "text"                # text code128 qr datamatrix line box repeat
    x = 5
    y = 5
    height = 12
    bold = true
    text = "{{ word }}"          # Jinja, in its sandbox
    when = "word != ''"          # a bare expression; without it the part is always drawn
    overflow = "wrap"            # shrink | wrap (break, then shrink) | error
    lines = 2
    minimum = 6

    [sample]
    word = "FRAGILE"

In a `repeat` part, `over` names the list, `each` the thing, and its own parts are `[[part.part]]`.
`below = "address"` counts a part's y from where the ink of the part of that name ends; `roll =
true` at the top makes paper that ends where its ink does; `inverse = true` writes white on black.
Filters beyond Jinja's own: `grams | kg`, `minor_units | money("EUR")`. `page` and `pages` are
always there.
"""

from __future__ import annotations

from pathlib import Path

from drivers.label_printers import typeset
from layouts.errors import BrokenLayout, DataMissing, DoesNotFit, LayoutError
from layouts.layout import Layout, compile_layout, draw, draw_pages

FOLDER = Path(__file__).parent
"""Where our own layouts lie."""


_OUR_HEADS = (8,)
"""Ours are drawn for every head by the tests; at a start that would only cost half a second."""


def load_file(path: Path) -> Layout:
    """Return the layout of one file. Raises LayoutError; an unreadable file is one too."""
    heads = _OUR_HEADS if path.parent == FOLDER else typeset.HEADS
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenLayout(path.name, f"cannot be read: {error}") from error
    return compile_layout(path.stem, source, heads)


def load(folder: Path) -> dict[str, Layout]:
    """Return the layouts of a folder by name. Raises LayoutError at the first that is wrong."""
    return {path.stem: load_file(path) for path in sorted(folder.glob("*.toml"))}


def load_builtin() -> dict[str, Layout]:
    """Return our own layouts by name."""
    return load(FOLDER)


def builtin(name: str) -> Layout:
    """Return one of our own layouts."""
    return load_file(FOLDER / f"{name}.toml")


def load_all(own: Path | None = None) -> tuple[dict[str, Layout], dict[str, LayoutError]]:
    """Return our layouts with those of a person's own folder over them, and what is wrong there.

    A file of theirs that is wrong leaves ours in its place; the rest goes on printing.
    """
    known, wrong = load_builtin(), {}
    for path in sorted(own.glob("*.toml")) if own is not None and own.is_dir() else ():
        try:
            known[path.stem] = load_file(path)
        except LayoutError as error:
            wrong[path.stem] = error
    return known, wrong


__all__ = [
    "FOLDER",
    "BrokenLayout",
    "DataMissing",
    "DoesNotFit",
    "Layout",
    "LayoutError",
    "builtin",
    "compile_layout",
    "draw",
    "draw_pages",
    "load",
    "load_all",
    "load_builtin",
    "load_file",
]
