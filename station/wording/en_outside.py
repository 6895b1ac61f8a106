"""What is said in English about labels that came from outside?"""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "outside.empty": "Its label has nothing in it.",
    "outside.web_page": "Its label is a web page. Print that to a PDF where it came from.",
    "outside.message": "Instead of its label a message came. Have it fetched again.",
    "outside.unknown": "Its label is no ZPL, PDF or PNG.",
    "outside.locked": "Its label is locked by a password. Ask for one without.",
    "outside.broken": "Its label is damaged. Have it fetched again.",
    "outside.too_large": "Its label is far too large a file. Ask for this parcel's alone.",
    "outside.several": "Its label came with others in one file. Ask for this parcel's alone.",
    "outside.nothing_inside": "No label is in the file that came for it.",
    "outside.other_parcel": "Its label shows another parcel. Have a new one bought.",
    "outside.no_code": "No barcode can be read on its label. It was not printed.",
    "outside.no_place": "Nobody knows where on the page its label is. Say it in sheets.toml.",
    "outside.does_not_fit": "Its label is larger than this printer's.",
    "outside.other_dots": "Its label is made for another printer's dots. Ask for a PDF.",
    "outside.dots_unknown": "Its label does not say for which dots it is made. Ask for a PDF.",
    "outside.no_renderer": "This printer needs packbench[render] to draw it. Have that installed.",
    "outside.cannot_draw": "This printer needs its label drawn, and it cannot be. Ask for a PDF.",
    "outside.too_slow": "Drawing its label took too long. Ask for another format.",
}
