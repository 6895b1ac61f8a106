"""Orders to test with: say what matters, the rest is an ordinary order."""

from __future__ import annotations

from datetime import UTC, datetime

from sync.orders import Address, Claim, Label, Line, Order, Shipment, ShipmentLine, State, facts
from sync.orders import shipment_id as named_shipment

ADA = Address(
    name="Ada Byron",
    lines=("12 St James's Square",),
    city="London",
    postcode="SW1Y 4JH",
    country="GB",
)
MUG, SPOON = "04006381333931", "05012345678900"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_line(
    id: str = "L1", *, sku: str = "MUG-BL", gtin: str = MUG, quantity: int = 1, serial: bool = False
) -> Line:
    """A line of mugs."""
    return Line(
        id=id,
        sku=sku,
        gtins=(gtin,) if gtin else (),
        name=f"Item {sku}",
        quantity=quantity,
        grams=330,
        bin="A-12-3",
        serial_required=serial,
    )


def an_order(
    number: str = "202-0000001-0000001",
    *,
    lines: tuple[Line, ...] | None = None,
    state: State = State.READY,
    address: Address | None = ADA,
    channel: str = "amazon-uk",
) -> Order:
    """A paid order of one mug, with one shipment that nobody works on yet."""
    lines = (a_line(),) if lines is None else lines
    id = f"{channel}:{number}"
    return Order(
        id=id,
        channel=channel,
        channel_order_id=number,
        marketplace="amazon",
        site="A1F83G8C2ARO7P",
        placed_at=NOON,
        ship_by=NOON.replace(hour=16),
        service="standard",
        lines=lines,
        address=address,
        address_digest=address.digest if address else "",
        shipments=(
            Shipment(
                id=named_shipment(id, 1),
                state=state,
                lines=tuple(ShipmentLine(line=line.id, quantity=line.quantity) for line in lines),
            ),
        ),
    )


def a_label(order: Order, tracking: str = "RR123456785GB", *, grams: int = 400) -> Label:
    """A label bought for that order's address."""
    return Label(
        carrier="SimPost",
        service="standard",
        tracking=tracking,
        sha256="0" * 64,
        grams=grams,
        tolerance_grams=50,
        address=order.address_digest,
        lane="GREEN",
    )


def up_to_close(order: Order, *, bench: str = "b1") -> list[facts.Fact]:
    """Every fact of an ordinary one-parcel shipment, from allocation to the closing scan."""
    shipment = order.shipments[0]
    parcel = f"{shipment.id}/1"
    label = a_label(order)
    job = facts.print_job(label.tracking, 1)
    packed: list[facts.Fact] = [
        facts.ItemPacked(
            parcel=parcel,
            line=line.line,
            serial=f"SN-{line.line}-{n}" if order.line(line.line).serial_required else "",
        )
        for line in shipment.lines
        for n in range(line.quantity)
    ]
    return [
        facts.ShipmentAllocated(
            shipment=shipment.id, warehouse="main", bench=bench, claim=Claim(1, 1)
        ),
        facts.PackStarted(shipment=shipment.id),
        facts.ParcelPlanned(parcel=parcel),
        facts.ParcelOpened(parcel=parcel),
        *packed,
        facts.ParcelChecked(parcel=parcel),
        facts.BoxChosen(parcel=parcel, box="M"),
        facts.ParcelWeighed(parcel=parcel, grams=410),
        facts.LabelRequested(parcel=parcel, key="k1", grams=410, address=order.address_digest),
        facts.LabelBought(parcel=parcel, label=label),
        facts.PrintQueued(parcel=parcel, job=job),
        facts.PrintStarted(parcel=parcel, job=job),
        facts.PrintSent(parcel=parcel, job=job),
        facts.LabelPrinted(parcel=parcel, job=job, evidence="odometer"),
        facts.ParcelClosed(parcel=parcel, tracking=label.tracking),
    ]
