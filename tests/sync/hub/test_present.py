"""What do programs see of an order? All of it, also what its document leaves out."""

import msgspec

from sync.hub.present import order_json
from sync.orders import Order
from tests.sync.hub.test_feed import two_shipments


def test_an_order_as_json_has_every_field_although_its_document_leaves_out_defaults() -> None:
    order = two_shipments("1")
    document = msgspec.json.encode(order)
    assert b'"gift_message"' not in document
    told = order_json(order)
    assert set(Order.__struct_fields__) <= set(told)
    assert told["gift_message"] == ""
    assert told["shipments"][0]["tote"] == ""
    assert told["shipments"][0]["lines"][0]["picked"] == 0
    assert msgspec.convert(told, type=dict[str, object]) == told, "it is plain JSON"
    plain = {**told, "state": None, "holds": None, "cancellation": None}
    assert msgspec.convert(plain, type=Order) == order
