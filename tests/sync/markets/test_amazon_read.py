"""Whatever Amazon may send has one defined answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.markets.amazon import read
from sync.orders import Cancellation, Money, State
from sync.ports import Fetched
from sync.talk import Failed
from tests import data

SAMPLES = Path(read.__file__).parent / "samples"


def sold(**changes: object) -> dict[str, Any]:
    """An ordinary order, as Amazon writes it."""
    return {
        "orderId": "202-1234567-8901234",
        "createdTime": "2026-11-22T09:15:00Z",
        "lastUpdatedTime": "2026-11-22T09:16:00.250Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1F83G8C2ARO7P"},
        "recipient": {
            "deliveryAddress": {
                "name": "Ada Byron",
                "addressLine1": "12 St James's Square",
                "city": "London",
                "postalCode": "SW1Y 4JH",
                "countryCode": "gb",
            }
        },
        "fulfillment": {
            "fulfillmentStatus": "UNSHIPPED",
            "fulfilledBy": "MERCHANT",
            "fulfillmentServiceLevel": "NEXT_DAY",
            "shipByWindow": {"latestDateTime": "2026-11-22T16:00:00Z"},
        },
        "orderItems": [item()],
        **changes,
    }


def item(id: str = "1", quantity: int = 1, **changes: object) -> dict[str, Any]:
    """An ordinary line."""
    product = {
        "asin": "B08F8PWR34",
        "title": "Mug",
        "sellerSku": "MUG-BL",
        "price": {"unitPrice": {"amount": "7.99", "currencyCode": "GBP"}},
    }
    return {"orderItemId": id, "quantityOrdered": quantity, "product": product, **changes}


def fetched(*orders: object) -> Fetched:
    """What reading a page of these comes to."""
    gathered = read.Gathered()
    assert gathered.page(json.dumps({"orders": orders}).encode()) == ""
    return gathered.fetched(None)


def test_an_ordinary_order_is_read_whole() -> None:
    (order,) = fetched(sold()).orders
    assert order.channel_order_id == "202-1234567-8901234"
    assert order.state is State.READY
    assert order.site == "A1F83G8C2ARO7P"
    assert order.ship_by == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert order.service == "next_day"
    assert order.lines[0].price == Money(799, "GBP")
    assert order.address is not None
    assert order.address.country == "GB"
    assert order.address_digest == order.address.digest


@pytest.mark.parametrize(
    ("status", "state", "kind"),
    [
        ("PENDING", State.PENDING_PAYMENT, ""),
        ("PENDING_AVAILABILITY", State.PENDING_PAYMENT, ""),
        ("UNSHIPPED", State.READY, ""),
        ("PARTIALLY_SHIPPED", State.READY, "partly_shipped"),
        ("SHIPPED", State.HANDED_OVER, "shipped"),
        ("CANCELLED", State.READY, "cancelled"),
        ("UNFULFILLABLE", State.READY, "cancelled"),
        ("AWAITING_VERIFICATION", State.READY, "held"),
        ("unshipped", State.READY, "held"),
        ("", State.READY, "held"),
    ],
)
def test_every_status_has_an_answer(status: str, state: State, kind: str) -> None:
    said = sold(fulfillment={"fulfillmentStatus": status, "fulfilledBy": "MERCHANT"})
    found = fetched(said)
    (order,) = found.orders
    assert order.state is state
    kinds = ("held", "cancelled", "shipped", "partly_shipped", "cancel_requested")
    assert [one for one in kinds if getattr(found, one)] == ([kind] if kind else [])
    called_off = order.shipments[0].cancellation is Cancellation.CANCELLED
    assert called_off is (kind == "cancelled")


def test_an_unknown_status_is_held_with_a_sentence_that_names_it() -> None:
    found = fetched(sold(fulfillment={"fulfillmentStatus": "AWAITING_VERIFICATION"}))
    assert "AWAITING_VERIFICATION" in found.held["202-1234567-8901234"]


@pytest.mark.parametrize(
    "name",
    [
        "^XZ~JA",
        "李小龙",
        "สมชาย ใจดี",
        "محمد الأمين",
        "Zoë 🧸✨👩🏽‍🚀",
        "****",
        "O'Neil \\ & <b>",
        "Łódź",
    ],
)
def test_a_name_in_any_script_stays_as_it_is(name: str) -> None:
    said = sold()
    said["recipient"]["deliveryAddress"]["name"] = name
    (order,) = fetched(said).orders
    assert order.address is not None
    assert order.address.name == name
    assert order.address.masked is (name == "****")


def test_control_characters_are_taken_out() -> None:
    said = sold()
    said["recipient"]["deliveryAddress"]["name"] = "Ada\x00\x1b[2J\r\nByron\x7f"
    (order,) = fetched(said).orders
    assert order.address is not None
    assert order.address.name == "Ada[2J  Byron"


def test_an_order_with_no_address_is_read_without_one() -> None:
    for recipient in ({}, {"deliveryAddress": None}, None):
        (order,) = fetched(sold(recipient=recipient)).orders
        assert order.address is None
        assert order.address_digest == ""


def test_five_hundred_lines_are_five_hundred_lines() -> None:
    (order,) = fetched(sold(orderItems=[item(str(n)) for n in range(500)])).orders
    assert len(order.lines) == len(order.shipments[0].lines) == 500


def test_a_line_of_zero_is_left_out_and_an_order_of_nothing_is_held() -> None:
    found = fetched(sold(orderItems=[item("1", 0), item("2", 3)]))
    assert [line.id for line in found.orders[0].lines] == ["2"]
    assert not found.held
    for nothing in ([], [item("1", 0)]):
        found = fetched(sold(orderItems=nothing))
        assert "nothing is to be sent" in found.held["202-1234567-8901234"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"orderItems": [item("1", -1)]},
        {"orderItems": [item("1", 10**9)]},
        {"orderItems": [item("1"), item("1")]},
        {"orderItems": [{"quantityOrdered": 1}]},
        {"orderItems": "many"},
        {"orderId": 7},
        {"orderId": ""},
    ],
)
def test_one_order_that_cannot_be_read_costs_no_other(wrong: dict[str, Any]) -> None:
    other = sold(orderId="202-0000000-0000000")
    found = fetched(sold(**wrong), other)
    assert [order.channel_order_id for order in found.orders] == ["202-0000000-0000000"]
    (why,) = found.refused.values()
    assert why.startswith("the order cannot be read: ")


@pytest.mark.parametrize("strange", [None, 7, "order", [], {}])
def test_what_is_no_order_at_all_is_refused(strange: object) -> None:
    found = fetched(strange, sold())
    assert len(found.orders) == 1
    assert list(found.refused) == ["?"]


def test_unknown_fields_nulls_and_numbers_in_quotes_are_taken_in_stride() -> None:
    odd = sold(newIn2027={"a": [1]}, programs=None, proceeds=None)
    odd["orderItems"] = [item("1", gift=None)]
    odd["orderItems"][0]["quantityOrdered"] = "2"
    (order,) = fetched(odd).orders
    assert order.lines[0].quantity == 2


def test_a_price_that_makes_no_sense_holds_nothing_up() -> None:
    odd = item("1")
    odd["product"]["price"]["unitPrice"] = {"amount": "abc", "currencyCode": "GBP"}
    (order,) = fetched(sold(orderItems=[odd])).orders
    assert order.lines[0].price is None


def test_a_cancel_request_on_any_line_is_seen() -> None:
    asked = item("2", cancellation={"cancellationRequest": {"requester": "BUYER"}})
    assert fetched(sold(orderItems=[item("1"), asked])).cancel_requested == {"202-1234567-8901234"}


def test_gifts_serial_numbers_and_ioss_are_read() -> None:
    packing = {
        "giftOption": {"giftMessage": "生日快乐！"},
        "serialNumberRequirement": {"requirementType": "REQUIRED"},
    }
    abroad = {"internationalShipping": {"iossNumber": "IM1234567890"}}
    said = item("1", fulfillment={"packing": packing, "shipping": abroad})
    (order,) = fetched(sold(orderItems=[said])).orders
    assert (order.gift, order.gift_message, order.ioss) == (True, "生日快乐！", "IM1234567890")
    assert order.lines[0].serial_required


def test_what_amazon_sends_itself_is_not_ours() -> None:
    said = sold(fulfillment={"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "AMAZON"})
    assert not fetched(said).orders


def test_an_order_on_two_pages_is_read_as_it_was_last() -> None:
    later = sold(lastUpdatedTime="2026-11-22T10:00:00Z", orderItems=[item("1", 2)])
    for pair in ((sold(), later), (later, sold())):
        (order,) = fetched(*pair).orders
        assert order.lines[0].quantity == 2


def test_a_page_that_is_no_page_is_a_failure_that_may_be_tried_again() -> None:
    for body in (b"", b"<html>", b"[]", b'{"orders": 3}', b"\xff\xfe"):
        with pytest.raises(Failed) as failed:
            read.Gathered().page(body)
        assert failed.value.again


def test_what_cannot_be_read_of_an_error_is_no_second_error() -> None:
    assert (
        read.error(b'{"errors":[{"code":"InvalidInput","message":"No."}]}') == "InvalidInput: No."
    )
    for body in (b"", b"<html>", b'{"errors":[]}', b'{"errors":7}', b"\xff"):
        assert read.error(body) == ""


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.data())
def test_any_field_may_hold_anything(data: st.DataObject) -> None:
    """Each order either is read or is refused by name; nothing is raised."""
    said = sold()
    path = data.draw(st.sampled_from(_paths(said)))
    place: Any = said
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = data.draw(_json)
    found = fetched(said, sold(orderId="202-0000000-0000000"))
    assert "202-0000000-0000000" in {order.channel_order_id for order in found.orders}
    assert len(found.orders) + len(found.refused) in (1, 2)


def _paths(said: object, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(said, dict):
        steps: list[Any] = list(said)
    elif isinstance(said, list):
        steps = list(range(len(said)))
    else:
        return [above]
    below = [path for step in steps for path in _paths(said[step], (*above, step))]
    return [above, *below] if above else below


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_our_samples_are_read(path: Path) -> None:
    gathered = read.Gathered()
    gathered.page(path.read_bytes())
    assert gathered.fetched(None).orders


def test_amazons_own_samples_are_read() -> None:
    model = data.need("specs", "amazon", "models", "orders-api-model", "orders_2026-01-01.json")
    paths = json.loads(model.read_text("utf-8"))["paths"]
    pages, single = (
        path["get"]["responses"]["200"]["examples"]["application/json"] for path in paths.values()
    )
    gathered = read.Gathered()
    gathered.page(json.dumps(pages).encode())
    gathered.single(json.dumps(single).encode())
    gathered.single(data.need("specs", "amazon", "samples", "get_order_response.json").read_bytes())
    found = gathered.fetched(None)
    assert len(found.orders) == 3
    assert not found.refused
    assert not found.held
