"""A bench to play with: flows, an order, and the hub's and the spool's part of the work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from station import codes, flows
from station.flows.flow import Commanded, Effect, Input, Known, PrintLabel, Refreshed, Scanned
from station.session import Session, Settings
from sync.orders import Claim, LabelState, Order, PrintState, apply, facts, fold
from sync.orders.facts import Fact
from sync.protocol.messages import Item, Packer
from tests.builders import a_label

ADA = Packer(badge="0007", name="Ada")
LEAD = Packer(badge="0001", name="Grace", role="supervisor")
NO_SCALE = Settings(scale=False)


def allocated(order: Order, bench: str = "b1") -> Order:
    """The order, given to the bench."""
    for shipment in order.shipments:
        order = apply(
            order,
            facts.ShipmentAllocated(
                shipment=shipment.id, warehouse="main", bench=bench, claim=Claim(1, 1)
            ),
        )
    return order


@dataclass
class Bench:
    """A session, the orders of the bench, and everything that was put on record."""

    session: Session
    orders: dict[str, Order] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    packers: tuple[Packer, ...] = (ADA, LEAD)
    items: tuple[Item, ...] = ()
    arrived: int = 0
    """Orders that came in since."""

    def scan(self, text: str) -> Session:
        """Scan what a scanner would say."""
        code = codes.read(text)
        return self.put(Scanned(code, text, self.known(text)))

    def press(self, name: str) -> Session:
        """Press a command's key."""
        return self.put(Commanded(name))

    def put(self, input: Input) -> Session:
        """Let anything happen, and keep what comes of it as the app does."""
        step = flows.step(self.session, input)
        for effect in step.effects:
            if isinstance(effect, Fact):
                self._record(effect)
        self.effects += step.effects
        order = step.session.order
        fresh = self.orders.get(order.id) if order else None
        assert fresh == order, "the session's order is not what the facts make of it"
        self.session = step.session
        return self.session

    def known(self, text: str) -> Known:
        """What the store would find."""
        code = codes.read(text)
        bare = codes.bare(text).upper()
        packer = next((p for p in self.packers if code == codes.code.BadgeCode(p.badge)), None)
        for order in self.orders.values():
            numbers = [order.channel_order_id.upper()]
            if getattr(code, "number", "").upper() in numbers:
                return Known(order=order)
            for shipment in order.shipments:
                if shipment.tote and getattr(code, "tote", "") == shipment.tote:
                    return Known(order=order, shipment_id=shipment.id)
                for parcel in shipment.parcels:
                    labels = (*parcel.spoiled, parcel.label.tracking if parcel.label else "")
                    if bare in labels:
                        return Known(order=order, shipment_id=shipment.id, parcel_id=parcel.id)
        digits = getattr(code, "digits", "")
        item = next((i for i in self.items if digits in i.gtins), None)
        return Known(packer=packer, item=item, needing=self._needing(digits))

    def _needing(self, gtin: str) -> Order | None:
        for order in self.orders.values():
            ready = any(s.state == "allocated" and not s.stopped for s in order.shipments)
            if ready and any(gtin in line.gtins for line in order.lines):
                return order
        return None

    def _record(self, fact: Fact) -> None:
        for id, order in self.orders.items():
            about = getattr(fact, "shipment", getattr(fact, "parcel", ""))
            if about.startswith(f"{id}#"):
                self.orders[id] = apply(order, fact)
                return
        raise AssertionError(fact)

    def happens(self, order_id: str, *happened: Fact) -> Session:
        """The hub or the spool puts something on record, and the bench hears of it."""
        before = self.orders[order_id]
        self.orders[order_id] = fold(before, happened)
        session = self.session
        if session.order is None or session.order.id != order_id:
            return session
        self.session = replace(session, order=self.orders[order_id])
        return self.put(Refreshed(before))

    def hub_sells(self, tracking: str = "", grams: int | None = None) -> Session:
        """The hub buys the label that was asked for."""
        session = self.session
        assert session.order is not None
        assert session.parcel is not None
        parcel = session.parcel
        n = len(parcel.spoiled)
        tracking = tracking or f"T{parcel.number}{n}{session.order.channel_order_id[-3:]}"
        weight = parcel.grams if grams is None else grams
        label = a_label(session.order, tracking, grams=weight)
        bought = facts.LabelBought(parcel=parcel.id, label=label)
        return self.happens(session.order.id, bought)

    def printer_prints(self, *, until: PrintState = PrintState.PRINTED) -> Session:
        """The spool sends the label, and it comes out."""
        order, parcel = self.session.order, self.session.parcel
        assert order is not None
        assert parcel is not None
        job = parcel.print_job
        steps: list[Fact] = [facts.PrintStarted(parcel=parcel.id, job=job)]
        if until is not PrintState.SENDING:
            steps.append(facts.PrintSent(parcel=parcel.id, job=job))
        if until is PrintState.PRINTED:
            steps.append(facts.LabelPrinted(parcel=parcel.id, job=job, evidence="odometer"))
        if until is PrintState.UNCERTAIN:
            steps.append(facts.PrintUncertain(parcel=parcel.id, job=job))
        return self.happens(order.id, *steps)

    @property
    def word(self) -> str:
        """The big word."""
        return flows.verdict(self.session).word

    @property
    def screen(self) -> str:
        """Verdict and instruction, as a packer reads them."""
        verdict, below = flows.verdict(self.session), flows.prompt(self.session)
        lines = (f"[{verdict.tone.value}] {verdict.word}", verdict.line1, verdict.line2)
        return " | ".join((*filter(None, lines), f"> {below.instruction}"))

    @property
    def labels(self) -> list[PrintLabel]:
        """Labels handed to the spool."""
        return [effect for effect in self.effects if isinstance(effect, PrintLabel)]


def a_bench(*orders: Order, settings: Settings | None = None, language: str = "en") -> Bench:
    """A bench with these orders allocated to it, and Ada logged in."""
    session = Session(bench="b1", language=language, settings=settings or Settings())
    given = {order.id: allocated(order) for order in orders}
    bench = Bench(session, given)
    bench.scan("PKUSR0007")
    return bench


__all__ = ["ADA", "LEAD", "NO_SCALE", "Bench", "LabelState", "a_bench", "allocated"]
