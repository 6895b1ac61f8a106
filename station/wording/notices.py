"""What is said about decisions of the hub on work that was done here."""

from __future__ import annotations

from station.notice import Kind, Notice, Stage
from station.session import Text
from station.wording.text import shown, text

LEASE_OVER = text("notice.lease_over")
BEGUN_GO_ON = text("notice.begun_go_on")


def what(notice: Notice) -> Text:
    """What happened, to which order."""
    order = f"{notice.number} · {shown(notice.tote)}" if notice.tote else notice.number
    if notice.kind is Kind.HELD and notice.hold:
        return text("notice.held_because", order=order, why=f"@held.{notice.hold}")
    if notice.kind is Kind.TAKEN and notice.bench:
        return text("notice.taken_by", order=order, bench=notice.bench)
    return text(f"notice.{notice.kind.value}", order=order)


def then(notice: Notice) -> Text:
    """What to do."""
    asks = _ASKS[notice.kind]
    if notice.stage is Stage.LANE and notice.lane:
        return text(f"notice.{asks}.lane", lane=notice.lane)
    stage = "label" if notice.stage is Stage.LANE else notice.stage.value
    return text(f"notice.{asks}.{stage}", tote=shown(notice.tote))


_ASKS = {
    Kind.CANCELLED: "put_back",
    Kind.ASKED: "put_aside",
    Kind.TAKEN: "take_apart",
    Kind.LEFT: "take_apart",
    Kind.ADDRESS: "relabel",
    Kind.HELD: "put_aside",
    Kind.UNCLEAR: "put_aside",
    Kind.GONE: "put_aside",
}
