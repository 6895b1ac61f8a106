"""Days at the bench: each a list of what happens, told to a bench in any language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace as but

from station.flows.flow import NotZeroed, PrinterTrouble, Refused, Unweighed, Weighed
from station.session import Settings
from sync.orders import HoldKind, Order, PrintState, facts
from sync.protocol.messages import Item
from tests.builders import MUG, SPOON, a_line, an_order
from tests.station.flows.play import NO_SCALE, Bench, a_bench

Happens = str | Callable[[Bench], object]
"""A scan, a key ("key:UNDO"), or something else."""
Story = tuple[Callable[[str], Bench], list[Happens]]

FIRST, SECOND = "202-0000001-0000001", "202-0000002-0000002"
TEA = "绿茶 Green tea 100 g"


def _order(number: str = FIRST, **fields: object) -> Order:
    mugs = but(a_line("L1", quantity=2), name="Blue mug")
    spoon = but(a_line("L2", sku="SPN", gtin=SPOON), name="Teaspoon", bin="A-2-1")
    return but(an_order(number, lines=(mugs, spoon)), **fields)


def _one_mug(number: str = SECOND) -> Order:
    return an_order(number, lines=(but(a_line(), name=TEA),))


def _bench(*orders: Order, settings: Settings | None = None) -> Callable[[str], Bench]:
    def opened(language: str) -> Bench:
        bench = a_bench(*orders, settings=settings, language=language)
        bench.items = (Item(sku="PLATE", gtins=("04099999999996",), name="White plate"),)
        return bench

    return opened


def weighs(grams: int) -> Happens:
    def weigh(bench: Bench) -> object:
        return bench.put(Weighed(grams))

    weigh.__doc__ = f"{grams} g"
    return weigh


def happens(*kinds: Callable[[str, str], facts.Fact]) -> Happens:
    """Facts of the hub, made for the first shipment and its first parcel."""

    def told(bench: Bench) -> object:
        id = next(iter(bench.orders))
        shipment = bench.orders[id].shipments[0].id
        return bench.happens(id, *(kind(shipment, f"{shipment}/1") for kind in kinds))

    told.__doc__ = ", ".join(type(kind("", "")).__name__ for kind in kinds)
    return told


def sold(bench: Bench) -> object:
    """The label is bought."""
    return bench.hub_sells()


def printed(bench: Bench) -> object:
    """The label came out."""
    return bench.printer_prints()


def unsure(bench: Bench) -> object:
    """Nobody knows whether the label came out."""
    return bench.printer_prints(until=PrintState.UNCERTAIN)


def sent(bench: Bench) -> object:
    """The printer took the bytes, and cannot count."""
    return bench.printer_prints(until=PrintState.SENT)


def label(bench: Bench) -> object:
    """The label on the box is scanned."""
    parcel = bench.session.parcel
    assert parcel is not None
    assert parcel.label is not None
    return bench.scan(parcel.label.tracking)


PACKED: list[Happens] = [FIRST, MUG, MUG, SPOON]
WEIGHED: list[Happens] = [*PACKED, weighs(1090)]
LABELLED: list[Happens] = [*WEIGHED, sold, printed]

STORIES: Mapping[str, Story] = {
    "an ordinary order": (_bench(_order()), [*LABELLED, label, "key:ACK"]),
    "wrong things": (
        _bench(_order(), _one_mug()),
        [
            FIRST,
            "4099999999996",
            MUG,
            "key:ACK",
            "nonsense",
            "key:ACK",
            "400638133393",
            SECOND,
            "PKCMDACK",
            MUG,
            MUG,
            MUG,
            "key:ACK",
            "PKTOT9",
            "key:ACK",
            "RR123456785GB",
            "key:ACK",
            "PKUSR0001",
            "PKBOXM",
            "PKCMDNOSUCH",
            "key:REPRINT",
            FIRST,
        ],
    ),
    "counted": (
        _bench(_order()),
        [
            FIRST,
            "PKCMDQTY3",
            MUG,
            "key:ACK",
            "PKCMDQTY5000",
            "PKCMDQTY",
            "]C101040063813339313702",
            "PKCMDUNDO",
            "PKCMDQTY2",
            "PKCMDUNDO",
            "PKCMDQTY2",
            MUG,
        ],
    ),
    "serial numbers": (
        _bench(an_order(lines=(but(a_line(quantity=3, serial=True), name="Radio"),))),
        [
            FIRST,
            MUG,
            MUG,
            "PKCMDDONE",
            "SN-1",
            MUG,
            "SN-1",
            "key:ACK",
            "PKCMDQTY2",
            MUG,
            "key:ACK",
            "(01)04006381333931(21)SN-2",
            MUG,
            "PKCMDUNDO",
            MUG,
            "SN-3",
        ],
    ),
    "any piece opens an order": (
        _bench(_order(), _one_mug()),
        [SPOON, "key:CANCEL", "5012345678900", "4099999999996", "key:ACK"],
    ),
    "two boxes": (
        _bench(_order()),
        [
            FIRST,
            "key:NEXTBOX",
            MUG,
            "key:NEXTBOX",
            weighs(430),
            sold,
            printed,
            label,
            MUG,
            SPOON,
            weighs(760),
            sold,
            printed,
            label,
        ],
    ),
    "boxes are asked for": (
        _bench(_order(), settings=Settings(ask_box=True)),
        [*PACKED, weighs(1090), "PKBOXQ", "PKBOXL", "PKCMDBOX1", weighs(1090)],
    ),
    "not the right weight": (
        _bench(_order()),
        [
            *PACKED,
            lambda bench: bench.put(NotZeroed(1090)),
            lambda bench: bench.put(Unweighed("wrong unit")),
            lambda bench: bench.put(Unweighed("frozen")),
            weighs(0),
            weighs(700),
            "PKUSR0007",
            MUG,
            "key:UNDO",
            weighs(2000),
            "PKUSR0001",
        ],
    ),
    "the scale is broken": (_bench(_order()), [*PACKED, "key:DONE", "PKUSR0001"]),
    "no scale": (_bench(_one_mug(), settings=NO_SCALE), [MUG, sold, printed, label]),
    "the label is refused": (
        _bench(_order()),
        [
            *WEIGHED,
            happens(lambda _, parcel: facts.LabelFailed(parcel=parcel, why="no such street")),
            "key:DONE",
            happens(lambda _, parcel: facts.LabelUncertain(parcel=parcel)),
            sold,
        ],
    ),
    "the label takes long": (
        _bench(_order(), _one_mug()),
        [*WEIGHED, "key:CANCEL", MUG, "key:CANCEL", FIRST],
    ),
    "nobody knows whether it came out": (
        _bench(_order()),
        [*WEIGHED, sold, unsure, MUG, "key:REPRINT", unsure, label],
    ),
    "a printer that cannot count": (_bench(_order()), [*WEIGHED, sold, sent, label]),
    "once more": (
        _bench(_order()),
        [*LABELLED, "key:REPRINT", "PKCMDUNDO", "key:REPRINT", "PKCMDBOX2", printed, label],
    ),
    "a label that cannot be read": (
        _bench(_order()),
        [
            *LABELLED,
            *("key:REPRINT", "PKCMDBOX2", printed),
            *("key:REPRINT", "PKCMDBOX2", printed),
            *("key:REPRINT", "PKCMDBOX4", MUG, "PKUSR0007", "key:UNDO"),
            *("key:REPRINT", "PKCMDBOX4", "PKUSR0001", printed, label),
        ],
    ),
    "another label": (
        _bench(_order()),
        [
            *LABELLED,
            "key:VOID",
            "key:UNDO",
            "key:VOID",
            "key:VOID",
            label,
            "key:ACK",
            happens(lambda _, parcel: facts.LabelVoided(parcel=parcel)),
            sold,
            printed,
            "T10001",
            "key:ACK",
            label,
        ],
    ),
    "somebody else's label": (
        _bench(_order(), _one_mug()),
        [*LABELLED, label, SECOND, MUG, weighs(430), sold, printed, "T10001", "key:ACK", label],
    ),
    "the buyer moves": (
        _bench(_order()),
        [*LABELLED, happens(lambda *_: facts.AddressChanged(digest="elsewhere")), "key:ACK"],
    ),
    "cancelled while packing": (
        _bench(_order(), _one_mug()),
        [
            FIRST,
            MUG,
            happens(lambda shipment, _: facts.OrderCancelled(shipment=shipment)),
            MUG,
            "key:ACK",
            SECOND,
        ],
    ),
    "cancelled with the label on it": (
        _bench(_order()),
        [
            *LABELLED,
            happens(lambda shipment, _: facts.OrderCancelled(shipment=shipment)),
            "key:ACK",
            FIRST,
        ],
    ),
    "held while packing": (
        _bench(_order()),
        [
            FIRST,
            MUG,
            happens(lambda shipment, _: facts.OrderHeld(shipment=shipment, hold=HoldKind.FRAUD)),
            "key:ACK",
            FIRST,
            "key:ACK",
            "PKUSR0001",
            FIRST,
        ],
    ),
    "put aside and released": (
        _bench(_order()),
        [
            FIRST,
            MUG,
            "key:HOLD",
            MUG,
            "key:HOLD",
            FIRST,
            "key:ACK",
            "PKUSR0001",
            FIRST,
            "key:DONE",
            FIRST,
        ],
    ),
    "the buyer takes some back": (
        _bench(_order()),
        [
            *PACKED,
            happens(lambda s, _: facts.QuantityReduced(shipment=s, line="L1", by=1)),
            "key:ACK",
            MUG,
        ],
    ),
    "a piece is missing": (
        _bench(_order()),
        [FIRST, MUG, "key:SHORT", SPOON, "key:SHORT", "key:UNDO", "key:SHORT", "key:SHORT", SPOON],
    ),
    "nothing is there": (
        _bench(_one_mug()),
        [SECOND, "key:SHORT", "key:SHORT", SECOND],
    ),
    "picking": (
        _bench(_order()),
        [
            "PKTOT42",
            FIRST,
            MUG,
            "PKBINB",
            "key:ACK",
            "PKBINAZ2D2Z2D1",
            SPOON,
            "PKBINAZ2D12Z2D3",
            MUG,
            "key:DONE",
            "PKTOT42",
            "PKBINAZ2D12Z2D3",
            MUG,
            "PKTOT42",
        ],
    ),
    "taking back": (
        _bench(_order()),
        [*PACKED, "key:UNDO", "key:UNDO", "key:UNDO", "key:UNDO", "key:UNDO"],
    ),
    "reopened": (_bench(_order()), [*LABELLED, label, "key:UNDO", label]),
    "people": (
        _bench(_order()),
        ["key:LOGOUT", MUG, "PKUSR99", "PKUSR0001", FIRST, "key:LOGOUT", "key:HELP", "key:ACK"],
    ),
    "orders that cannot be packed": (
        _bench(
            an_order("202-0000004-0000004", lines=()),
            an_order("202-0000005-0000005", lines=(a_line(quantity=0),)),
        ),
        [
            "202-0000004-0000004",
            "key:ACK",
            "202-0000005-0000005",
            "key:ACK",
            "202-0000006-0000006",
        ],
    ),
    "things break": (
        _bench(_order()),
        [
            FIRST,
            lambda bench: bench.put(Refused("disk full")),
            MUG,
            lambda bench: bench.put(PrinterTrouble("zd421", "paper")),
            lambda bench: bench.put(PrinterTrouble("zd421", "")),
        ],
    ),
}


def tell(story: Story, language: str) -> str:
    """What the packer sees, line by line."""
    opened, happenings = story
    bench = opened(language)
    lines = [f"{'log in':<28} {bench.screen}"]
    for what in happenings:
        if callable(what):
            name = f"({(what.__doc__ or 'something happens').rstrip('.')})"
            what(bench)
        elif what.startswith("key:"):
            name = what
            bench.press(what.removeprefix("key:"))
        else:
            name = what
            bench.scan(what)
        lines.append(f"{name:<28} {bench.screen}")
    return "\n".join(lines) + "\n"
