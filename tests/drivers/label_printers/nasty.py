"""Text that buyers, channels and scanners really send, and text made to hurt a printer."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = (
    "^XZ~JA",
    "^XA",
    "^FS",
    "^FD",
    "~HS",
    "~DG",
    "_5E",
    "_",
    "__",
    "\\&",
    "\\",
    ">;",
    ">",
    ">0",
    ">8",
    "#",
    "##",
    "^",
    "~",
    ",",
    '"',
    "{{ 7*7 }}",
    "{% raw %}",
    "[/]",
    "\x1d",
    "\n",
    "\r\n",
    "\t",
    "\x00",
    "\x1b!",
    "\x7f",
    "😀",
    "👩‍👧",
    "🇩🇪",
    "ü",
    "ß",
    "u\u0308",
    "Łódź",
    "Nguyễn",
    "ที่อยู่",
    "น้ำ",
    "محمد",
    "רחוב",
    "王小明",
    "東京都",
    "서울",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\ufffd",
    "\U00020bb7",
    "****",
    " ",
    "  ",
    "Main St 12",
    "0123456789",
    "7",
)

texts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
ascii_texts = (
    st.lists(st.sampled_from([p for p in PIECES if p.isascii() and p.isprintable()]), min_size=1)
    .map("".join)
    .map(lambda text: text[:40])
)
