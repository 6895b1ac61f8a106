"""Labels as carriers and marketplaces send them: sheets, PDFs, ZIPs, and what is none."""

from __future__ import annotations

import zipfile
from io import BytesIO

from PIL import Image, ImageChops

from drivers.label_printers import code128, preview, readback
from drivers.label_printers.label import Box, Code128, Label, QrCode, Text

OURS = "00340434161094042557"
OTHERS = "00340434161094099999"


def is_ours(text: str) -> bool:
    return text == OURS


def a_label(
    tracking: str = OURS, *, width: float = 100, height: float = 150, framed: bool = True
) -> Label:
    """A carrier's label: address, two bar codes, a frame."""
    elements = (
        Text(x=6, y=6, height=6, text="SIMPOST"),
        Text(x=6, y=20, height=5, text="Marta Klein, Hafenweg 7, 20457 Hamburg"[:30]),
        Text(x=6, y=27, height=5, text="20457 Hamburg"),
        QrCode(x=width - 30, y=34, data="routing"),
        Code128(x=4, y=height * 0.55, height=24, data=tracking, width=width - 8, align="center"),
        Text(x=6, y=height - 14, height=5, text=f"order 4711, {tracking[-4:]}"),
    )
    frame = Box(x=1, y=1, width=width - 2, height=height - 2)
    return Label(width, height, (*elements, frame) if framed else elements)


def shown(label: Label, dots_per_mm: int = 12) -> Image.Image:
    return preview.picture(label, dots_per_mm)


def a_sheet(
    *placed: tuple[Image.Image, float, float],
    size: tuple[float, float] = (210, 297),
    dots_per_mm: int = 12,
) -> Image.Image:
    """A page with pictures on it, each with its left and top in millimetres."""
    page = Image.new("1", (round(size[0] * dots_per_mm), round(size[1] * dots_per_mm)), 255)
    for picture, x, y in placed:
        page.paste(picture, (round(x * dots_per_mm), round(y * dots_per_mm)))
    return page


def a_note(text: str = "Cut here and keep this part. Thank you for your order.") -> Image.Image:
    """What is printed beside a label and must stay off the box."""
    return preview.picture(Label(80, 24, (Text(x=1, y=2, height=4, text=text[:36]),)), 12)


def a_pdf(*pages: Image.Image, dots_per_mm: int = 12) -> bytes:
    out = BytesIO()
    first, *others = pages
    resolution = dots_per_mm * 25.4
    first.save(out, "PDF", resolution=resolution, save_all=True, append_images=others)
    return out.getvalue()


def a_drawn_pdf(tracking: str = OURS, width: float = 288, height: float = 432) -> bytes:
    """A PDF whose bars are drawn as boxes, three dots of a 203 dpi head each: no picture in it."""
    module = 0.375 * 72 / 25.4
    bars = code128.bars(code128.encoded(tracking))
    operators = ["0 g"] + [
        f"{40 + at * module:.4f} 120 {module:.4f} 70 re f"
        for at, bar in enumerate(bars)
        if bar == "1"
    ]
    operators.append("1 w 4 4 280 424 re S")
    return written_pdf("\n".join(operators), width, height)


def written_pdf(content: str, width: float, height: float, *, trailer: str = "") -> bytes:
    """The smallest PDF with one page that says this."""
    stream = content.encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Contents 4 0 R >>"
        % (width, height),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R %s>>\n" % (len(objects) + 1, trailer.encode())
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def a_locked_pdf() -> bytes:
    """ISO 32000-1, 7.6.3: the standard security handler; no password that we know opens it."""
    key = "55" * 32
    lock = (
        f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >> "
        "/ID [<00112233445566778899AABBCCDDEEFF> <00112233445566778899AABBCCDDEEFF>] "
    )
    return written_pdf("0 g", 288, 432, trailer=lock)


def a_huge_pdf(size: int = 40_000_000) -> bytes:
    """A label with so much behind it."""
    return a_drawn_pdf() + b"%" + b"x" * (size - 2) + b"\n"


def a_zip(*members: tuple[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def a_zip_bomb(size: int = 300_000_000) -> bytes:
    """A few hundred kilobytes that say they are ten bytes, and are hundreds of megabytes."""
    out = BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("label.pdf", "w") as member,
    ):
        member.write(b"%PDF-1.4\n")
        for _ in range(size // 1_000_000):
            member.write(b"\0" * 1_000_000)
    return out.getvalue()


def a_png(picture: Image.Image, dpi: float | None = None) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG", **({"dpi": (dpi, dpi)} if dpi else {}))
    return out.getvalue()


WEB_PAGE = (
    b"\xef\xbb\xbf\r\n<!DOCTYPE html><html><head><meta charset='utf-8'><title>Shopee</title>"
    b"</head><body onload='window.print()'><!-- %PDF-1.4 ^XA^XZ --></body></html>"
)
MESSAGE = b'{"error":"logistics.shipping_document_should_print_first","message":"^XA"}'


def tspl_page(job: bytes) -> Image.Image:
    """What a TSPL printer puts on the label: its BITMAP at its place."""
    size = [float(part.split()[0]) for part in _after(job, b"SIZE ").split(",")]
    fields, data = job.partition(b"BITMAP ")[2].split(b",", 5)[:5], b""
    x, y, row, height, _ = (int(field) for field in fields)
    data = job.partition(b"BITMAP ")[2].split(b",", 5)[5][: row * height]
    page = Image.new("1", (round(size[0] * 8), round(size[1] * 8)), 255)
    page.paste(Image.frombytes("1", (row * 8, height), data), (x, y))
    return page


def _after(job: bytes, word: bytes) -> str:
    return job.partition(word)[2].partition(b"\r\n")[0].decode("ascii")


def texts(picture: Image.Image) -> list[str]:
    return [found.text for found in readback.read(picture)]


def black_box(picture: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.invert(picture.convert("L")).getbbox()
