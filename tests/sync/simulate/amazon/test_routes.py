"""The simulated Amazon as a client meets it, every answer held against Amazon's own model."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from sync.simulate.amazon import wire
from sync.simulate.amazon.place import ODDITIES
from sync.simulate.amazon.routes import Pace
from sync.simulate.faults import Fault
from tests import data
from tests.sync.simulate.shop import PARTS, SEARCH, START, Clock, shopping


def _errors(answer: httpx.Response) -> tuple[int, str, str]:
    said = answer.json()["errors"][0]
    return answer.status_code, said["code"], said["message"] + said["details"]


# Tokens


def test_without_a_token_everything_is_denied() -> None:
    with shopping(orders=1) as shop:
        del shop.client.headers["x-amz-access-token"]
        answer = shop.search()
        assert _errors(answer)[:2] == (403, "Unauthorized")
        assert "x-amzn-RequestId" in answer.headers
        assert "x-amzn-RateLimit-Limit" not in answer.headers
        shop.client.headers["x-amz-access-token"] = "Atza|made-up"
        assert "malformed" in _errors(shop.search())[2]


def test_an_access_token_lives_an_hour_and_outlives_a_restart(tmp_path: Path) -> None:
    with shopping(orders=1, file=tmp_path / "books.db") as shop:
        assert shop.log_in()["expires_in"] == 3600
        token = shop.client.headers["x-amz-access-token"]
    with shopping(seed=99, file=tmp_path / "books.db") as shop:
        shop.client.headers["x-amz-access-token"] = token
        assert shop.search().status_code == 200
        shop.clock.pass_seconds(3601)
        assert "expired" in _errors(shop.search())[2]
        shop.log_in()
        assert shop.search().status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client"),
        ({"refresh_token": "Atzr|old"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_client_gets_no_token(change: dict[str, str], status: int, error: str) -> None:
    with shopping() as shop:
        known = shop.amazon.credentials()
        form = {name: known[name] for name in ("client_id", "client_secret", "refresh_token")}
        form = {"grant_type": "refresh_token", **form, **change}
        answer = shop.client.post("/auth/o2/token", data=form)
        assert (answer.status_code, answer.json()["error"]) == (status, error)


# Searching


def test_pages_hold_every_order_once_in_the_order_of_their_change() -> None:
    with shopping(orders=57) as shop:
        found = shop.orders(maxResultsPerPage=10)
        assert len(found) == len({order["orderId"] for order in found}) == 57
        times = [order["lastUpdatedTime"] for order in found]
        assert times == sorted(times)


def test_what_changes_while_pages_are_turned_comes_up_in_the_next_search() -> None:
    with shopping(orders=6) as shop:
        first = shop.search(maxResultsPerPage=5).json()
        last = (
            {order["orderId"] for order in shop.orders()}
            - {order["orderId"] for order in first["orders"]}
        ).pop()
        shop.clock.pass_seconds(1)
        shop.client.post(f"/simulate/orders/{last}/cancel")
        rest = shop.search(
            maxResultsPerPage=5, paginationToken=first["pagination"]["nextToken"]
        ).json()
        assert rest["orders"] == []
        following = shop.orders(lastUpdatedAfter=first["lastUpdatedBefore"])
        assert [order["orderId"] for order in following] == [last]


def test_filters_choose_by_status_site_and_time() -> None:
    with shopping(orders=30) as shop:
        everything = shop.orders()
        gone = everything[0]["orderId"]
        shop.client.post(f"/simulate/orders/{gone}/cancel")
        assert [one["orderId"] for one in shop.orders(fulfillmentStatuses="CANCELLED")] == [gone]
        assert len(shop.orders(fulfillmentStatuses="UNSHIPPED,PARTIALLY_SHIPPED")) == 29
        site = everything[3]["salesChannel"]["marketplaceId"]
        here = shop.orders(marketplaceIds=site)
        assert {one["salesChannel"]["marketplaceId"] for one in here} == {site}
        assert shop.orders(fulfilledBy="AMAZON") == []
        later = everything[20]["createdTime"]
        assert all(one["createdTime"] >= later for one in shop.orders(createdAfter=later))


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (
            {"createdAfter": "2026-01-01T00:00:00Z", "lastUpdatedAfter": "2026-01-01T00:00:00Z"},
            "Ex",
        ),
        ({"lastUpdatedAfter": "yesterday"}, "ISO 8601"),
        ({"lastUpdatedBefore": wire.when(START - timedelta(seconds=119))}, "two minutes"),
        ({"lastUpdatedBefore": "2019-01-01T00:00:00Z"}, "equal to or after"),
        ({"createdBefore": "2026-01-01T00:00:00Z"}, "cannot be provided"),
        ({"fulfillmentStatuses": "Unshipped"}, "Invalid value"),
        ({"marketplaceIds": "ATVPDKIKX0DER"}, "Invalid value"),
        ({"maxResultsPerPage": "0"}, "between 1 and 100"),
        ({"maxResultsPerPage": "101"}, "between 1 and 100"),
        ({"paginationToken": "bWFkZSB1cA=="}, "Invalid paginationToken"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(query: dict[str, str], why: str) -> None:
    with shopping(orders=2) as shop:
        answer = shop.search(**{"lastUpdatedAfter": "2020-01-01T00:00:00Z", **query})
        assert _errors(answer)[:2] == (400, "InvalidInput")
        assert why in _errors(answer)[2]
        assert "x-amzn-RateLimit-Limit" in answer.headers


def test_a_before_of_two_minutes_ago_is_taken() -> None:
    with shopping(orders=2) as shop:
        assert shop.search(lastUpdatedBefore=wire.when(START - timedelta(minutes=2))).is_success


def test_a_pagination_token_grows_old_and_fits_its_own_search_only() -> None:
    with shopping(orders=3, pace=Pace(token_seconds=10**6)) as shop:
        token = shop.search(maxResultsPerPage=1).json()["pagination"]["nextToken"]
        other = shop.search(maxResultsPerPage=2, paginationToken=token)
        assert "differ" in _errors(other)[2]
        alone = shop.client.get(SEARCH, params={"paginationToken": token})
        assert len(alone.json()["orders"]) == 1
        shop.clock.pass_seconds(24 * 3600 + 1)
        late = shop.search(maxResultsPerPage=1, paginationToken=token)
        assert "expired" in _errors(late)[2]


def test_parts_that_nobody_asked_for_stay_away() -> None:
    with shopping(orders=1) as shop:
        bare = shop.client.get(SEARCH, params={"createdAfter": "2020-01-01T00:00:00Z"}).json()
        assert not {"buyer", "recipient", "fulfillment", "packages"} & bare["orders"][0].keys()
        lower = shop.search(includedData="recipient").json()
        assert "recipient" not in lower["orders"][0]


# Throttling


def test_the_bucket_of_searches_holds_twenty_and_refills_in_three_minutes() -> None:
    with shopping() as shop:
        answers = [shop.search() for _ in range(21)]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        assert answers[0].headers["x-amzn-RateLimit-Limit"] == "0.0056"
        assert _errors(answers[-1])[1] == "QuotaExceeded"
        assert "x-amzn-RateLimit-Limit" not in answers[-1].headers
        assert "x-amzn-RequestId" in answers[-1].headers
        shop.clock.pass_seconds(178)
        assert shop.search().status_code == 429
        shop.clock.pass_seconds(1)
        assert shop.search().status_code == 200


def test_a_faster_world_says_so_in_its_header() -> None:
    with shopping(pace=Pace(rate_scale=1000)) as shop:
        assert shop.search().headers["x-amzn-RateLimit-Limit"] == "5.6"


# Confirming


def test_an_order_confirmed_whole_is_shipped_and_lists_its_parcel() -> None:
    with shopping(orders=1) as shop:
        id = shop.orders()[0]["orderId"]
        shop.clock.pass_seconds(5)
        assert shop.confirm(id).status_code == 204
        order = shop.order(id)
        assert order["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
        assert order["packages"][0]["trackingNumber"] == "CP123456785GB"
        assert order["packages"][0]["carrier"] == "Simulated Post"
        assert {item["fulfillment"]["quantityUnfulfilled"] for item in order["orderItems"]} == {0}
        assert order["lastUpdatedTime"] > order["createdTime"]


def test_the_same_reference_again_edits_and_changes_nothing_when_nothing_differs() -> None:
    with shopping(orders=1) as shop:
        id = shop.orders()[0]["orderId"]
        shop.confirm(id)
        before = shop.order(id)["lastUpdatedTime"]
        shop.clock.pass_seconds(60)
        assert shop.confirm(id).status_code == 204
        assert shop.order(id)["lastUpdatedTime"] == before
        assert shop.confirm(id, tracking="CP999999999GB").status_code == 204
        assert [one["trackingNumber"] for one in shop.order(id)["packages"]] == ["CP999999999GB"]
        totals = shop.totals()
        assert (totals["confirmations"], totals["repeats"], totals["edits"]) == (1, 1, 1)
        assert totals["refused"] == 0


def test_another_reference_for_a_shipped_order_is_refused_and_counted() -> None:
    with shopping(orders=1) as shop:
        id = shop.orders()[0]["orderId"]
        shop.confirm(id)
        answer = shop.confirm(id, reference="2")
        assert _errors(answer)[:2] == (400, "InvalidInput")
        assert "PackageToUpdateNotFound" in _errors(answer)[2]
        assert shop.totals()["confirmed_twice"] == 1
        assert len(shop.order(id)["packages"]) == 1


def test_parcels_add_up_to_the_order_and_never_to_more() -> None:
    with shopping() as shop:
        (id,) = shop.amazon.place(1, "many_lines")
        assert shop.confirm(id, reference="1", items=range(300)).status_code == 204
        assert shop.order(id)["fulfillment"]["fulfillmentStatus"] == "PARTIALLY_SHIPPED"
        beyond = shop.confirm(id, reference="2", items=[299, 300])
        assert "exceeds the unfulfilled 0" in _errors(beyond)[2]
        assert shop.confirm(id, reference="2", items=range(300, 500)).status_code == 204
        assert shop.order(id)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reference": 1}, "packageReferenceId"),
        ({"reference": "P1"}, "packageReferenceId"),
        ({"reference": "0"}, "packageReferenceId"),
        ({"tracking": " "}, "trackingNumber"),
        ({"carrierName": ""}, "carrierName"),
        ({"shipDate": "today"}, "shipDate"),
        ({"pieces": 0}, "positive"),
        ({"items": []}, "orderItems"),
    ],
)
def test_a_confirmation_that_makes_no_sense_is_refused(change: dict[str, object], why: str) -> None:
    with shopping(orders=1) as shop:
        id = shop.orders()[0]["orderId"]
        answer = shop.confirm(id, **change)  # type: ignore[arg-type]  # wrong on purpose
        assert answer.status_code == 400
        assert why in _errors(answer)[2]
        assert shop.totals()["confirmations"] == 0


def test_a_cancelled_pending_or_unknown_order_cannot_be_confirmed() -> None:
    with shopping() as shop:
        (pending,) = shop.amazon.place(1, "pending")
        (plain,) = shop.amazon.place(1, "plain")
        shop.client.post(f"/simulate/orders/{plain}/cancel")
        assert "not ready" in _errors(shop.confirm(pending))[2]
        assert "cancelled" in _errors(shop.confirm(plain))[2]
        assert shop.totals()["confirmed_after_cancel"] == 1
        answer = shop.client.post("/orders/v0/orders/203-0-0/shipmentConfirmation", json={})
        assert answer.status_code == 404


# What happens meanwhile


def test_orders_change_while_they_are_packed() -> None:
    with shopping() as shop:
        (cancelled,) = shop.amazon.place(1, "cancelled")
        (asked,) = shop.amazon.place(1, "cancel_requested")
        (moved,) = shop.amazon.place(1, "address_changed")
        (unpaid,) = shop.amazon.place(1, "pending")
        before = shop.order(moved)["recipient"]["deliveryAddress"]
        assert "recipient" not in shop.order(unpaid)
        shop.clock.pass_seconds(60)
        assert shop.order(cancelled)["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
        request = shop.order(asked)["orderItems"][0]["cancellation"]["cancellationRequest"]
        assert request["requester"] == "BUYER"
        assert shop.order(asked)["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        after = shop.order(moved)["recipient"]["deliveryAddress"]
        assert before["name"] == after["name"]
        assert before != after
        assert shop.order(unpaid)["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        changed = shop.orders(lastUpdatedAfter=wire.when(START + timedelta(milliseconds=1)))
        assert {one["orderId"] for one in changed} == {cancelled, asked, moved, unpaid}
        shop.clock.pass_seconds(60)
        assert shop.order(asked)["fulfillment"]["fulfillmentStatus"] == "CANCELLED"


def test_what_is_shipped_is_not_cancelled_any_more() -> None:
    with shopping() as shop:
        (id,) = shop.amazon.place(1, "cancelled")
        assert shop.confirm(id).status_code == 204
        shop.clock.pass_seconds(60)
        assert shop.order(id)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
        assert shop.client.post(f"/simulate/orders/{id}/cancel").json()["done"] is False
        entry = shop.client.get("/simulate/books").json()["amazon"]["orders"][id]
        assert entry["late"] == ["cancel"]


def test_orders_come_by_themselves() -> None:
    with shopping(per_hour=60) as shop:
        assert shop.orders() == []
        shop.clock.pass_seconds(3600)
        shop.log_in()
        assert 35 < len(shop.orders()) < 90


def test_a_change_is_found_only_after_the_lag_and_seen_at_once_by_its_number() -> None:
    with shopping(orders=1, lag=120) as shop:
        id = shop.orders()[0]["orderId"]
        shop.confirm(id)
        assert shop.orders()[0]["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        assert shop.order(id)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
        assert shop.orders(lastUpdatedAfter=wire.when(START)) == []
        shop.clock.pass_seconds(120)
        found = shop.orders(lastUpdatedAfter=wire.when(START))
        assert [one["fulfillment"]["fulfillmentStatus"] for one in found] == ["SHIPPED"]


def test_every_kind_of_order_keeps_to_the_model_but_the_one_meant_not_to() -> None:
    with shopping() as shop:
        for kind in ODDITIES:
            if kind != "unknown_status":
                shop.amazon.place(1, kind)
        assert len(shop.orders()) == len(ODDITIES) - 1
        names = [
            order["recipient"]["deliveryAddress"]["name"]
            for order in shop.orders()
            if "recipient" in order
        ]
        assert {"^XZ~JA", "****"} <= set(names)
        (odd,) = shop.amazon.place(1, "unknown_status")
        with httpx.Client(base_url=shop.client.base_url, headers=shop.client.headers) as unchecked:
            said = unchecked.get(f"{SEARCH}/{odd}", params={"includedData": PARTS}).json()
        status = said["order"]["fulfillment"]["fulfillmentStatus"]
        assert status == "AWAITING_VERIFICATION"
        if shop.contract:
            shop.order(odd)
            wrong = shop.contract.wrong_responses
            assert wrong
            assert "AWAITING_VERIFICATION" in wrong[0]
            wrong.clear()


def test_a_restart_finds_the_same_books(tmp_path: Path) -> None:
    clock = Clock()
    odds = {"cancelled": 0.3}
    with shopping(orders=20, file=tmp_path / "b.db", clock=clock, odds=odds) as shop:
        id = next(one["orderId"] for one in shop.orders() if one["fulfillment"])
        shop.confirm(id)
        clock.pass_seconds(10)
        before = shop.client.get("/simulate/books").json()
    clock.pass_seconds(-10)
    with shopping(file=tmp_path / "b.db", clock=clock, odds=odds) as shop:
        clock.pass_seconds(10)
        assert shop.client.get("/simulate/books").json() == before
        clock.pass_seconds(60)
        assert shop.totals()["cancelled"] > 1


# Faults


def test_a_lost_answer_has_taken_effect() -> None:
    with shopping(orders=1, faults=[Fault("lost_answer", times=1)]) as shop:
        id = shop.orders()[0]["orderId"]
        with pytest.raises(httpx.TransportError):
            shop.confirm(id)
        assert shop.order(id)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
        assert shop.confirm(id).status_code == 204
        assert shop.totals()["repeats"] == 1


def test_a_truncated_body_ends_in_an_error_at_the_client() -> None:
    with shopping(orders=1, faults=[Fault("truncated_body", times=1, on="searchOrders")]) as shop:
        with pytest.raises(httpx.RemoteProtocolError):
            shop.search()
        assert shop.search().is_success


def test_a_duplicate_page_is_repeated_once() -> None:
    with shopping(orders=9, faults=[Fault("duplicate_page")]) as shop:
        found = [order["orderId"] for order in shop.orders(maxResultsPerPage=3)]
        assert len(set(found)) == 9
        assert len(found) == 15


@pytest.mark.parametrize(
    ("name", "status"), [("throttle", 429), ("server_error", 500), ("token_expired", 403)]
)
def test_a_fault_is_armed_over_http_strikes_and_is_gone(name: str, status: int) -> None:
    with shopping(orders=1) as shop:
        armed = shop.client.post("/simulate/faults", json={"name": name, "times": 1})
        assert armed.is_success
        assert shop.search().status_code == status
        if name == "token_expired":
            assert shop.search().status_code == 403
            shop.log_in()
        assert shop.search().status_code == 200
        struck = shop.client.get("/simulate/faults").json()["amazon"]
        assert struck == {"armed": [], "struck": {name: 1}}


def test_a_fault_that_does_not_exist_is_refused_by_name() -> None:
    with shopping() as shop:
        answer = shop.client.post("/simulate/faults", json={"name": "earthquake"})
        assert answer.status_code == 400
        assert "lost_answer" in answer.json()["error"]


def test_slow_answers_come() -> None:
    with shopping(faults=[Fault("slow", times=1)], pace=Pace(slow_seconds=0.01)) as shop:
        assert shop.search().is_success
        assert shop.totals()["orders"] == 0


# The panel


def test_orders_are_placed_by_hand_and_the_catalogue_can_be_fetched() -> None:
    with shopping() as shop:
        made = shop.client.post("/simulate/place", params={"n": 3, "kind": "masked"}).json()
        assert {one["orderId"] for one in shop.orders()} == set(made["orders"])
        assert shop.client.post("/simulate/place", params={"kind": "cursed"}).status_code == 400
        assert shop.client.post("/simulate/place", params={"n": "many"}).status_code == 400
        assert shop.client.post("/simulate/orders/1-1-1/cancel").status_code == 404
        assert len(shop.client.get("/simulate/goods").json()["goods"]) == 120
        table = shop.client.get("/simulate/goods", params={"format": "csv"}).text
        assert table.startswith("sku,name,")


def test_the_contract_notices_what_the_model_does_not_know() -> None:
    data.need("specs", "amazon", "oas3_converted")
    with shopping(orders=1) as shop:
        assert shop.contract is not None
        assert shop.orders()
        assert shop.contract.violations == []
        assert shop.contract.checked == {f"GET {SEARCH} 200": 1}
        shop.search(colour="red")
        shop.confirm(shop.orders()[0]["orderId"], reference=1, weight=3)
        wrong = "\n".join(shop.contract.wrong_requests)
        assert "no query parameter colour" in wrong
        assert "1 is not of type 'string'" in wrong
        assert "weight" in wrong
