"""One label a parcel: when it is asked for, printed, replaced, and what closes the box."""

from __future__ import annotations

from dataclasses import replace

from msgspec.structs import replace as but

from station import flows
from station.flows.flow import Print, PrintLabel, Weighed
from sync.orders import LabelState, Order, PrintState, facts
from tests.builders import MUG, a_label, a_line, an_order
from tests.station.flows.play import NO_SCALE, Bench, a_bench

ORDER = an_order()
PARCEL = f"{ORDER.shipments[0].id}/1"


def weighed(order: Order = ORDER) -> Bench:
    bench = a_bench(order)
    bench.scan(MUG)
    bench.put(Weighed(430))
    return bench


def requests(bench: Bench) -> list[facts.LabelRequested]:
    return [effect for effect in bench.effects if isinstance(effect, facts.LabelRequested)]


def test_the_road_from_the_first_scan_to_the_closed_parcel() -> None:
    bench = weighed()
    bench.hub_sells()
    bench.printer_prints()
    bench.scan("T10001")
    assert [type(effect).__name__ for effect in bench.effects] == [
        "PackStarted",
        "ParcelPlanned",
        "ParcelOpened",
        "ItemPacked",
        "ParcelChecked",
        "BoxChosen",
        "Print",
        "ParcelWeighed",
        "LabelRequested",
        "PrintQueued",
        "PrintLabel",
        "ParcelClosed",
    ]
    assert bench.orders[ORDER.id].state == "packed"
    assert bench.session.done == 1


def test_a_label_bought_ahead_is_printed_in_the_step_of_the_last_piece() -> None:
    bench = a_bench(ORDER, settings=NO_SCALE)
    order = bench.orders[ORDER.id]
    label = a_label(order, grams=430)
    bench.happens(
        ORDER.id,
        facts.ParcelPlanned(parcel=PARCEL),
        facts.LabelRequested(parcel=PARCEL, key="ahead", grams=430, address=order.address_digest),
        facts.LabelBought(parcel=PARCEL, label=label),
    )
    bench.scan(MUG)
    assert bench.labels == [PrintLabel(PARCEL, "RR123456785GB:1", label.sha256, 1)]
    assert not requests(bench)


def test_every_label_of_a_parcel_has_a_key_of_its_own_and_what_was_refused_has_the_same() -> None:
    bench = weighed()
    for _ in range(3):
        bench.happens(ORDER.id, facts.LabelFailed(parcel=PARCEL, why="no"))
        bench.press("DONE")
    for _ in range(2):
        bench.hub_sells()
        bench.press("VOID")
        bench.press("VOID")
        bench.happens(ORDER.id, facts.LabelVoided(parcel=PARCEL))
    keys = [request.key for request in requests(bench)]
    there = ORDER.address_digest[:8]
    assert keys == [f"{PARCEL}:{n}:{there}" for n in (1, 1, 1, 1, 2, 3)]


def test_nothing_is_asked_for_again_while_an_answer_is_open() -> None:
    bench = weighed()
    bench.press("DONE")
    bench.press("CANCEL")
    bench.scan("202-0000001-0000001")
    bench.happens(ORDER.id, facts.LabelUncertain(parcel=PARCEL))
    bench.press("DONE")
    bench.press("VOID")
    assert len(requests(bench)) == 1


def test_a_label_for_another_weight_goes_back_before_it_is_printed() -> None:
    bench = weighed()
    bench.hub_sells(grams=900)
    assert not bench.labels
    assert bench.orders[ORDER.id].parcel(PARCEL).void_wanted
    bench.happens(ORDER.id, facts.LabelVoided(parcel=PARCEL))
    bench.hub_sells()
    assert [label.job for label in bench.labels] == ["T11001:1"]


def test_an_order_without_an_address_is_not_labelled() -> None:
    bench = weighed(but(ORDER, address=None, address_digest=""))
    assert not requests(bench)
    assert bench.session.said is not None
    assert bench.session.said.what.key == "labels.no_address"


def test_scanning_the_label_proves_that_it_came_out() -> None:
    for state in (PrintState.SENDING, PrintState.SENT, PrintState.UNCERTAIN):
        bench = weighed()
        bench.hub_sells()
        bench.printer_prints(until=state)
        bench.scan("t10001")
        printed = [e for e in bench.effects if isinstance(e, facts.LabelPrinted)]
        assert [fact.evidence for fact in printed] == ["closing scan"]
        assert bench.orders[ORDER.id].parcel(PARCEL).closed


def test_a_label_that_was_not_printed_here_closes_nothing() -> None:
    bench = weighed()
    bench.hub_sells()
    bench.scan("T10001")
    assert bench.word == "NO"
    assert not bench.orders[ORDER.id].parcel(PARCEL).closed


def test_the_slip_is_printed_when_it_can_still_go_into_the_box() -> None:
    order = an_order(lines=(a_line(quantity=2),))
    bench = a_bench(order)
    bench.scan(MUG)
    bench.press("NEXTBOX")
    assert not any(isinstance(effect, Print) for effect in bench.effects)
    bench.put(Weighed(430))
    bench.hub_sells()
    bench.printer_prints()
    bench.scan("T10001")
    bench.scan(MUG)
    slips = [effect for effect in bench.effects if isinstance(effect, Print)]
    assert slips == [Print("packing_slip", order.id, f"{order.shipments[0].id}/2")]


def test_the_label_of_a_parcel_that_was_put_aside_opens_and_closes_it() -> None:
    bench = weighed()
    bench.hub_sells()
    bench.printer_prints()
    bench.press("CANCEL")
    bench.scan("T10001")
    assert bench.word == "DONE"
    assert bench.orders[ORDER.id].parcel(PARCEL).closed


def test_a_cancelled_order_is_neither_labelled_nor_closed() -> None:
    bench = weighed()
    bench.hub_sells()
    bench.printer_prints()
    cancelled = facts.OrderCancelled(shipment=ORDER.shipments[0].id)
    bench.happens(ORDER.id, cancelled)
    seen = len(bench.effects)
    for scan in ("PKCMDACK", "T10001", "PKCMDACK", MUG, "PKCMDACK", "202-0000001-0000001"):
        bench.scan(scan)
    assert bench.effects[seen:] == []
    assert not bench.orders[ORDER.id].parcel(PARCEL).closed


def test_a_label_that_arrives_while_the_bench_is_red_is_printed_and_the_red_stays() -> None:
    bench = weighed()
    bench.scan("nonsense")
    assert bench.session.latched
    bench.hub_sells()
    assert len(bench.labels) == 1
    assert bench.session.latched
    assert bench.word == "UNKNOWN"
    bench.press("ACK")
    assert bench.word == "LABEL"


def test_a_label_refused_by_the_carrier_waits_for_somebody() -> None:
    bench = weighed()
    bench.happens(ORDER.id, facts.LabelFailed(parcel=PARCEL, why="no such street"))
    assert bench.orders[ORDER.id].parcel(PARCEL).label_state is LabelState.FAILED
    assert len(requests(bench)) == 1
    assert "no such street" in flows.verdict(bench.session).line1


def _first_of_two_closed() -> Bench:
    bench = a_bench(an_order(lines=(a_line(quantity=2),)))
    bench.scan(MUG)
    bench.press("NEXTBOX")
    bench.put(Weighed(430))
    bench.hub_sells()
    bench.printer_prints()
    bench.scan("T10001")
    return bench


def test_a_second_box_that_stays_empty_is_put_away() -> None:
    bench = _first_of_two_closed()
    bench.press("SHORT")
    bench.press("SHORT")
    assert bench.word == "DONE"
    assert bench.orders[ORDER.id].state == "packed"
    assert len(bench.orders[ORDER.id].shipments[0].parcels) == 1


def test_a_label_bought_for_a_box_that_stays_empty_is_a_supervisors_business() -> None:
    bench = _first_of_two_closed()
    second = f"{ORDER.shipments[0].id}/2"
    digest = ORDER.address_digest
    asked = facts.LabelRequested(parcel=second, key="ahead", grams=430, address=digest)
    bench.happens(ORDER.id, asked)
    bench.press("SHORT")
    bench.press("SHORT")
    assert bench.word == "STOP"
    assert bench.orders[ORDER.id].shipments[0].holds


def test_the_label_of_another_box_of_the_same_order_is_told_by_its_number() -> None:
    bench = _first_of_two_closed()
    bench.scan(MUG)
    bench.put(Weighed(430))
    bench.hub_sells()
    bench.printer_prints()
    bench.scan("T10001")
    assert bench.session.latched
    assert flows.verdict(bench.session).line1 == "That is the label of parcel 1 of this order."


def test_the_closing_scan_said_twice_is_no_mistake() -> None:
    bench = weighed()
    bench.hub_sells()
    bench.printer_prints()
    bench.scan("T10001")
    seen = len(bench.effects)
    bench.scan("T10001")
    assert bench.word == "DONE"
    assert not bench.session.latched
    assert bench.effects[seen:] == []


def test_a_tote_whose_order_was_packed_is_free_again() -> None:
    other = an_order("202-0000002-0000002")
    bench = a_bench(ORDER, other)
    for scan in ("PKTOT42", "202-0000001-0000001", "PKBINAZ2D12Z2D3", MUG, "PKTOT42", MUG):
        bench.scan(scan)
    bench.put(Weighed(430))
    bench.hub_sells()
    bench.printer_prints()
    bench.scan("T10001")
    bench.scan("PKTOT42")
    bench.scan("202-0000002-0000002")
    assert bench.orders[other.id].shipments[0].tote == "42"


def test_a_closing_scan_after_the_buyer_moved_gives_the_label_back() -> None:
    bench = weighed()
    bench.hub_sells()
    bench.printer_prints()
    bench.scan("T10001")
    bench.happens(ORDER.id, facts.AddressChanged(digest="elsewhere"))
    bench.press("UNDO")
    bench.scan("T10001")
    assert bench.word == "STOP"
    assert bench.orders[ORDER.id].parcel(PARCEL).void_wanted
    assert not bench.orders[ORDER.id].parcel(PARCEL).closed


def test_saying_where_a_label_stands_decides_nothing() -> None:
    bench = weighed()
    bench.hub_sells()
    bench.printer_prints()
    seen = len(bench.effects)
    bench.press("ACK")
    bench.press("ACK")
    assert bench.effects[seen:] == []
    assert bench.word == "LABEL"


def test_a_question_about_a_label_that_was_replaced_meanwhile_holds_nobody_up() -> None:
    bench = weighed()
    bench.hub_sells()
    job = bench.session.parcel.print_job if bench.session.parcel else ""
    bench.happens(ORDER.id, facts.PrintStarted(parcel=PARCEL, job=job))
    bench.happens(ORDER.id, facts.PrintUncertain(parcel=PARCEL, job=job))
    asked = bench.session
    assert asked.question is not None
    bench.happens(ORDER.id, facts.LabelVoided(parcel=PARCEL))
    bench.hub_sells()
    # As when the news came while the screen was red: the question is still there, its job is not.
    bench.session = replace(bench.session, question=asked.question, latched=False)
    bench.scan("PKCMDDONE")
    assert bench.session.question is None
    assert not bench.session.latched
    bench.printer_prints()
    bench.scan(bench.orders[ORDER.id].parcel(PARCEL).label.tracking)  # type: ignore[union-attr]  # sold above
    assert bench.orders[ORDER.id].parcel(PARCEL).closed


def test_a_slip_is_printed_only_where_the_bench_wants_slips() -> None:
    for wanted in (True, False):
        bench = a_bench(ORDER, settings=replace(NO_SCALE, slip=wanted))
        bench.scan(MUG)
        assert any(isinstance(effect, Print) for effect in bench.effects) is wanted
