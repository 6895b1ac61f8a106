"""What do our own papers say of an order, and when are they drawn?

A paper is asked for by a flow and queued with the scan, as a job without bytes; it is drawn here,
in a thread of its own, because a slip in three scripts takes longer than a scan may. Bytes and
hash are stored before the spool sees the job.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert

import layouts
from drivers import label_printers, receipt_printers
from drivers.label_printers.graphic import Encoding
from drivers.label_printers.label import Label, Undrawable
from layouts import Layout, LayoutError
from station.store import schema as t
from station.store.store import Store, StoreError
from sync.orders import Order

log = logging.getLogger(__name__)

FULL_SECONDS = 1.0
"""After the disk refused: a paper that cannot be kept cannot be printed."""


@dataclass(frozen=True, slots=True)
class Paper:
    """How papers come out here."""

    printer: str
    language: str = "zpl"
    dots_per_mm: int = 8
    shop: str = ""
    """Who sells, as the buyer knows them."""
    graphics: Encoding = "z64"
    """What a ZPL printer draws."""
    head_dots: int = 576
    """Of a receipt printer."""


ON_A_ROLL = {"packing_slip": "receipt_slip"}
"""What a receipt printer prints instead, where there is such a layout: as long as it has to be."""


def slip_data(order: Order, shop: str) -> dict[str, Any]:  # Any: a layout's own vocabulary
    """What the packing slip says of an order."""
    address = order.address
    to = (
        (address.name, address.company, *address.lines, f"{address.postcode} {address.city}")
        if address
        else ()
    )
    country = (address.country,) if address else ()
    total = order.total
    data: dict[str, Any] = {
        "shop": shop or order.channel,
        "order": order.channel_order_id,
        "date": order.placed_at.date().isoformat() if order.placed_at else "",
        "ship_to": "\n".join(line.strip() for line in (*to, *country) if line.strip()),
        "currency": total.currency if total else "",
        "total": total.minor if total else 0,
        "gift": order.gift or total is None,
        "message": order.gift_message,
        "lines": [
            {
                "quantity": line.quantity,
                "name": line.name or line.sku,
                "sku": line.sku,
                "price": line.price.minor if line.price else 0,
            }
            for line in order.lines
            if line.quantity > 0
        ],
    }
    return data


class PaperDrawer:
    """Draws the papers that wait to be drawn, one after the other, until stopped."""

    def __init__(
        self,
        store: Store,
        paper: Paper,
        shelf: Callable[[], Mapping[str, Layout]],
        drawn: Callable[[], None],
    ) -> None:
        """`drawn` is called when a job has become ready for the spool."""
        self._store, self._paper, self._shelf, self._drawn = store, paper, shelf, drawn
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="papers", daemon=True)

    def start(self) -> None:
        """Begin; what was left undrawn at the last stop is drawn now."""
        self._woken.set()
        self._thread.start()

    def wake(self) -> None:
        """A step may have asked for a paper."""
        self._woken.set()

    def stop(self) -> None:
        """Stop after the paper that is being drawn."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait()
            self._woken.clear()
            try:
                while not self._stopping.is_set() and self._draw_one():
                    self._drawn()
            except StoreError as e:
                log.warning("papers wait: %s", e)
                self._stopping.wait(FULL_SECONDS)
                self._woken.set()

    def _draw_one(self) -> bool:
        undrawn = (
            select(t.jobs)
            .where(t.jobs.c.state == "queued", t.jobs.c.kind == "paper", t.jobs.c.sha256 == "")
            .order_by(t.jobs.c.seq)
            .limit(1)
        )
        with self._store.turn(feed=True) as turn:
            job = turn.sql.execute(undrawn).first()
            order = turn.order(job.order_id) if job else None
        if job is None:
            return False
        note = job.note
        try:
            data, note = self._draw(job.note, order) if order else (b"", job.note)
        except (LayoutError, Undrawable, LookupError, ValueError, TypeError, OSError) as e:
            # The parcel ships without its slip, rather than all that follow without theirs. By
            # class alone: what went wrong may quote the buyer.
            log.warning("paper not drawn: job=%s layout=%s: %s", job.id, job.note, type(e).__name__)
            data = b""
        sha256 = hashlib.sha256(data).hexdigest()
        with self._store.turn() as turn:
            state = "queued" if data else "dropped"
            this = t.jobs.c.id == job.id
            turn.sql.execute(
                insert(t.blobs).values(sha256=sha256, data=data).on_conflict_do_nothing()
            )
            turn.sql.execute(
                update(t.jobs).where(this).values(sha256=sha256, state=state, note=note)
            )
        return True

    def _draw(self, name: str, order: Order) -> tuple[bytes, str]:
        """Return the job, and with which layout it was drawn: "packing_slip@1f2e3d4c5b6a".

        An edit of the layout is for the papers after it: this one's bytes are stored, and what they
        were drawn with is on record.
        """
        paper, shelf = self._paper, self._shelf()
        roll = paper.language in receipt_printers.LANGUAGES
        layout = shelf.get(ON_A_ROLL.get(name, name), shelf[name]) if roll else shelf[name]
        pages = layouts.draw_pages(layout, slip_data(order, paper.shop))
        job = b"".join(rendered(page, paper) for page in pages)
        return job, f"{layout.name}@{layout.version}"


def rendered(page: Label, paper: Paper) -> bytes:
    """Return the bytes that make the printer of our papers print this. Raises Undrawable."""
    if paper.language in receipt_printers.LANGUAGES:
        from drivers.receipt_printers import escpos  # most benches have no such printer

        return escpos.render(page, paper.dots_per_mm, head_dots=paper.head_dots)
    if paper.language == "zpl":
        from drivers.label_printers import zpl  # as late as `language` loads it

        return zpl.render(page, paper.dots_per_mm, graphics=paper.graphics)
    return label_printers.language(paper.language).render(page, paper.dots_per_mm)
