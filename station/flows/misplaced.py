"""What is answered to a scan that does not belong here?

Goods and labels that must not go into this box turn the bench red. What is only too early or too
late is refused, and the next scan counts.
"""

from __future__ import annotations

from station.codes.code import (
    BadgeCode,
    BenchCode,
    BinCode,
    BoxCode,
    Code,
    CommandCode,
    Garbled,
    Gtin,
    OrderCode,
    Sscc,
    ToteCode,
    Tracking,
    Unknown,
)
from station.flows import reply, standing
from station.flows.flow import Scanned, Step
from station.session import Session
from station.wording import labels, orders, people, pieces, word

_OURS = (BadgeCode, BenchCode, BinCode, BoxCode, CommandCode, OrderCode, ToteCode)


def is_ours(code: Code) -> bool:
    """Whether it is one of our own codes, or no code at all."""
    return isinstance(code, (*_OURS, Garbled))


def step(session: Session, scanned: Scanned) -> Step:
    """Say why this scan does nothing here."""
    return Step(_answered(session, scanned))


def _answered(session: Session, scanned: Scanned) -> Session:
    code, known = scanned.code, scanned.known
    order, parcel = session.order, session.parcel
    label = parcel.label if parcel is not None else None
    if label and standing.tracking_of(scanned) == standing.same_form(label.tracking):
        return reply.refuse(session, word.NOT_YET, labels.TOO_EARLY, labels.FINISH_FIRST)
    if known.order is not None and order is not None:
        if known.order.id == order.id:
            what = orders.this_one(order.channel_order_id)
            return reply.calm(session, word.PACK, what, orders.to_go(standing.to_go(session)))
        if known.parcel_id or isinstance(code, Tracking | Sscc):
            what = labels.of_another(known.order.channel_order_id)
            return reply.wrong(session, word.WRONG, what, labels.PUT_IT_THERE)
        what = orders.still_open(order.channel_order_id, known.order.channel_order_id)
        return reply.wrong(session, word.BUSY, what, orders.FINISH_OR_CANCEL)
    match code:
        case Garbled():
            return reply.refuse(session, word.RESCAN, pieces.GARBLED, pieces.SCAN_AGAIN)
        case BadgeCode(badge=badge) if session.packer and badge == session.packer.badge:
            what = people.hello(session.packer.name)
            return reply.calm(session, word.HELLO, what, pieces.SEE_NEXT)
        case BadgeCode():
            return reply.refuse(session, word.NOT_YET, people.SOMEBODY_WORKS, people.LOG_OUT_FIRST)
        case OrderCode(number=number):
            return reply.wrong(session, word.UNKNOWN, orders.not_here(number), orders.PUT_ASIDE)
        case ToteCode(tote=tote):
            return reply.wrong(session, word.WRONG, orders.other_tote(tote), orders.PUT_ASIDE)
        case BoxCode() | BinCode() | BenchCode() | CommandCode():
            return reply.refuse(session, word.NOT_YET, pieces.NOT_ASKED, pieces.SEE_NEXT)
        case Tracking(number=number) | Sscc(digits=number):
            return reply.wrong(session, word.WRONG, labels.unknown(number), labels.PUT_ASIDE)
        case Gtin() | Unknown():
            return _not_in_this_order(session, scanned)


def _not_in_this_order(session: Session, scanned: Scanned) -> Session:
    item = scanned.known.item
    if standing.matching(session, scanned):
        line = standing.matching(session, scanned)[0]
        what = pieces.enough(standing.name_of(session, line.line), line.due)
        return reply.wrong(session, word.TOO_MANY, what, pieces.PUT_BACK)
    if item is not None:
        what = pieces.not_in_this_order(item.name or item.sku)
        return reply.wrong(session, word.WRONG, what, pieces.PUT_BACK)
    code = scanned.code
    text = code.digits if isinstance(code, Gtin) else scanned.raw
    return reply.wrong(session, word.UNKNOWN, pieces.unknown(text), pieces.PUT_ASIDE)
