"""A page is read as its type says, and each document is there as it came."""

from __future__ import annotations

import msgspec
import pytest

from sync.protocol import reading
from sync.protocol.messages import Change, Item, Packer, Page
from tests.builders import NOON, an_order


def a_page() -> Page:
    order = an_order("1")
    here = Change(seq=7, shipment=order.shipments[0].id, order=order, through=3)
    return Page(
        after="1.4",
        next="1.8",
        head="1.9",
        changes=(here, Change(seq=8, shipment="amazon-uk:2#1", order=None, through=4)),
        items=(Item(sku="MUG", gtins=("04006381333931",)),),
        packers=(Packer(badge="ANNA", name="Anna"),),
        digest=5,
        lease_seconds=60.0,
        server_time=NOON,
    )


def test_a_page_is_read_as_its_type_says() -> None:
    body = msgspec.json.encode(a_page())
    read = reading.page(body)
    changes = tuple(
        Change(seq=one.seq, shipment=one.shipment, order=one.order, through=one.through)
        for one in read.changes
    )
    assert msgspec.structs.replace(read, changes=changes) == a_page()
    bare = b'{"after":"0.0","next":"1.0","head":"1.0","server_time":"2026-11-22T12:00:00Z"}'
    assert reading.page(bare) == msgspec.json.decode(bare, type=Page)


def test_a_document_is_as_it_came_with_what_only_a_newer_version_knows() -> None:
    body = msgspec.json.encode(a_page())
    newer = body.replace(b'"order":{"id"', b'"order":{ "crate" : [1, "\\u00e9"],"id"', 1)
    assert newer != body
    here, gone = reading.page(newer).changes
    assert reading.document(here).startswith(b'{ "crate" : [1, "\\u00e9"],"id"')
    assert (here.order, gone.order) == (an_order("1"), None)
    assert msgspec.json.decode(reading.document(here), type=type(an_order("1"))) == here.order
    (written, _) = a_page().changes
    assert reading.document(written) == msgspec.json.encode(written.order)


@pytest.mark.parametrize("order", [b'{"id":1}', b"3", b'{"id":"a"}', b'"\xff"'])
def test_an_order_that_is_none_is_refused_with_its_page(order: bytes) -> None:
    change = b'{"seq":1,"shipment":"a#1","through":0,"order":%s}' % order
    page = b'{"after":"0.0","next":"1.1","head":"1.1","changes":[%s],' % change
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        reading.page(page + b'"server_time":"2026-11-22T12:00:00Z"}')
