"""What does the bench look like? Drawn by the bench itself, for the README.

    packbench demo --picture station/demo/bench.svg

The real app, with a store of its own, in the middle of an order of four lines.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from station.app import Around, BenchApp, LampChanged
from station.bench import Bench, Printers
from station.input import RawScan
from station.prompt import Lamp
from station.session import Session
from station.store.keep import StoreKeep
from station.store.store import Store
from sync.orders import Address, Claim, Line, Order, Shipment, ShipmentLine, State
from sync.protocol.cursor import START, Cursor
from sync.protocol.messages import Change, Heartbeat, Packer, Page

SIZE = (120, 36)
NOW = datetime(2026, 5, 4, 14, 30, tzinfo=UTC)
NUMBER = "202-4417702-1530311"
SCANS = ("PKUSRP001", f"PKORD{NUMBER.replace('-', 'Z2D')}", "9520417000017", "9520417000017")
GOODS = (
    ("9520417000017", "MUG-330-BL", "Blue mug, 330 ml", "A-02-03", 2, 340),
    ("9520417000093", "TEA-GRN-100", "绿茶 Green tea, 100 g", "A-01-07", 1, 120),
    ("9520417000147", "SPN-TEA-ST", "Teaspoon, steel, set of 6", "B-04-02", 2, 180),
    ("9520417000178", "CARD-BDAY", "Birthday card with envelope", "C-01-09", 1, 25),
)
LAMPS = ("hub", "hand", "scale", "labels")
_REMOTE_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def draw(file: Path, language: str) -> int:
    """Draw the bench into the file, as SVG."""
    with tempfile.TemporaryDirectory(prefix="packbench-picture-") as folder:
        svg = asyncio.run(_drawn(Path(folder), language))
    # A picture in a README must not ask anybody's server for a font.
    file.write_text(_REMOTE_FONT.sub("", svg), "utf-8")
    sys.stderr.write(f"The bench is drawn in {file}.\n")
    return 0


async def _drawn(folder: Path, language: str) -> str:
    store = Store(folder / "bench.db")
    keep = StoreKeep(store, lambda: Heartbeat(bench="bench-1"))
    keep.take(_page(language))
    bench = Bench(store, Session(bench="bench-1", language=language), Printers())
    app = BenchApp(bench, Around())
    async with app.run_test(size=SIZE) as pilot:
        for name in LAMPS:
            app.post_message(LampChanged(Lamp(name, "ok")))
        for text in SCANS:
            await app.scanned(RawScan(text, "picture", time.monotonic()))
            await pilot.pause()
        svg = app.export_screenshot(title="Packbench")
    store.close()
    return svg


def _page(language: str) -> Page:
    after = str(START)
    next = str(Cursor(START.epoch, 1))
    order = _order()
    return Page(
        after=after,
        next=next,
        head=next,
        changes=(Change(seq=1, shipment=order.shipments[0].id, order=order, through=0),),
        packers=(Packer(badge="P001", name="Ada", language=language),),
        server_time=NOW,
    )


def _order() -> Order:
    id = f"amazon:{NUMBER}"
    lines = tuple(
        Line(
            id=f"L{n}",
            sku=sku,
            gtins=(f"0{gtin}",),
            name=name,
            quantity=quantity,
            grams=grams,
            bin=bin,
        )
        for n, (gtin, sku, name, bin, quantity, grams) in enumerate(GOODS, start=1)
    )
    address = Address(
        name="Zoë Example", lines=("1 Fern Lane",), city="York", postcode="YO1 1AA", country="GB"
    )
    return Order(
        id=id,
        channel="amazon",
        channel_order_id=NUMBER,
        marketplace="amazon",
        ship_by=datetime.now(UTC) + timedelta(hours=2, minutes=20),
        service="standard",
        lines=lines,
        address=address,
        address_digest=address.digest,
        gift=True,
        gift_message="生日快乐！",
        shipments=(
            Shipment(
                id=f"{id}#1",
                state=State.ALLOCATED,
                warehouse="main",
                bench="bench-1",
                claim=Claim(1, 1),
                lines=tuple(ShipmentLine(line=one.id, quantity=one.quantity) for one in lines),
            ),
        ),
    )
