"""Whatever happens at a bench, in whatever order: what always holds.

Hypothesis draws the moves; the bench of `play` keeps what comes of them, and refuses a fact that
the life of an order does not allow.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station import commands, flows, wording
from station.flows.flow import (
    NotZeroed,
    PrinterTrouble,
    PrintLabel,
    Refreshed,
    Refused,
    Unweighed,
    Weighed,
)
from station.prompt import Tone
from station.session import Settings, restored, saved
from sync.client import wish
from sync.orders import HoldKind, LabelState, Order, PrintState, apply, facts, refusal
from sync.orders.facts import Fact
from tests.builders import MUG, SPOON, a_label, a_line, an_order
from tests.station.flows.play import Bench, a_bench, allocated

Move = Callable[[Bench], object]

ONE = an_order(lines=(a_line("L1", quantity=2), a_line("L2", sku="SPN", gtin=SPOON, serial=True)))
TWO = an_order("202-0000002-0000002")
NONE = an_order("202-0000003-0000003", lines=())

SCANS = (
    MUG,
    MUG,
    MUG,
    SPOON,
    SPOON,
    "MUG-BL",
    "SN-1",
    "SN-2",
    "202-0000001-0000001",
    "202-0000001-0000001",
    "202-0000002-0000002",
    "202-0000003-0000003",
    "PKTOT42",
    "PKBINAZ2D12Z2D3",
    "PKBOXM",
    "PKBOXQ",
    "PKBENB1",
    "PKUSR0007",
    "PKUSR0001",
    "PKUSR9",
    "4099999999990",
    "]C10104006381333931\x1d3702",
    "(01)05012345678900(21)SN-3",
    "RR123456785GB",
    "T10001",
    "T11001",
    "T10002",
    "106141411234567897",
    "rubbish",
    "",
    "\x00\x1b[/]^XZ~JA",
    "A" * 4096,
    "绿茶\ufffd",
    "PKCMDNOSUCH3",
    "PKCMDQTY2",
    "PKCMDQTY3000",
)
CARDS = (*(c.name for c in commands.COMMANDS), "ACK", "ACK", "ACK", "UNDO", "DONE", "BOX1", "BOX7")


def _scan(text: str) -> Move:
    return lambda bench: bench.scan(text)


def _press(name: str) -> Move:
    return lambda bench: bench.press(name)


def _weigh(off: int) -> Move:
    def weigh(bench: Bench) -> object:
        expected = flows.standing.expected_grams(bench.session) or 0
        return bench.put(Weighed(expected + off))

    return weigh


def _own_label(bench: Bench) -> object:
    parcel = bench.session.parcel
    return bench.scan(parcel.label.tracking if parcel and parcel.label else "none")


def _spoiled_label(bench: Bench) -> object:
    parcel = bench.session.parcel
    return bench.scan(parcel.spoiled[0] if parcel and parcel.spoiled else "none")


def _elsewhere(seed: int) -> Move:
    """The hub, the marketplace or the spool puts something on record."""

    def happen(bench: Bench) -> object:
        order = bench.session.order or next(iter(bench.orders.values()), None)
        if order is None:
            return None
        possible = [fact for fact in _others_facts(order, seed) if refusal(order, fact) is None]
        chance = random.Random(seed)
        return bench.happens(order.id, chance.choice(possible)) if possible else None

    return happen


def _others_facts(order: Order, seed: int) -> list[Fact]:
    shipment = order.shipments[0]
    id = shipment.id
    found: list[Fact] = [facts.AddressChanged(digest=f"moved-{seed % 3}")]
    if seed % 7 == 0:
        found += [
            facts.OrderHeld(shipment=id, hold=HoldKind.FRAUD),
            facts.OrderHeld(shipment=id, hold=HoldKind.STOCK),
            facts.CancelRequested(shipment=id),
            facts.OrderCancelled(shipment=id),
        ]
    for kind in HoldKind:
        found.append(facts.HoldReleased(shipment=id, hold=kind))
    found.append(facts.CancelWithdrawn(shipment=id))
    for line in shipment.lines:
        found.append(facts.QuantityReduced(shipment=id, line=line.line, by=1))
    for parcel in shipment.parcels:
        n = len(parcel.spoiled)
        tracking = f"T{parcel.number}{n}{order.channel_order_id[-3:]}"
        label = a_label(order, tracking, grams=parcel.grams or 400)
        job = parcel.print_job
        of_label: list[Fact] = [
            facts.LabelRequested(
                parcel=parcel.id, key=f"hub-{seed}", grams=400, address=order.address_digest
            ),
            facts.LabelBought(parcel=parcel.id, label=label),
            facts.LabelFailed(parcel=parcel.id, why="no such street"),
            facts.LabelUncertain(parcel=parcel.id),
            facts.LabelVoided(parcel=parcel.id),
            facts.VoidRefused(parcel=parcel.id),
            facts.PrintStarted(parcel=parcel.id, job=job),
            facts.PrintSent(parcel=parcel.id, job=job),
            facts.LabelPrinted(parcel=parcel.id, job=job, evidence="odometer"),
            facts.PrintUncertain(parcel=parcel.id, job=job),
            facts.LabelNotPrinted(parcel=parcel.id, job=job, evidence="odometer"),
        ]
        if parcel.void_wanted:
            of_label = [f for f in of_label if not isinstance(f, facts.PrintStarted)]
        elif parcel.label_state is LabelState.BOUGHT:
            of_label = [
                f for f in of_label if not isinstance(f, facts.LabelVoided | facts.VoidRefused)
            ]
        found += 3 * of_label
    return found


def _restart(bench: Bench) -> object:
    """The plug is pulled; the bench comes back as it was stored."""
    session = bench.session
    kept = saved(session)
    fresh = replace(session, order=None, said=None, undo=(), question=None, latched=False)
    bench.session = restored(fresh, kept, session.order)
    return None


def _vanish(bench: Bench) -> object:
    """The open order is given to another bench."""
    order = bench.session.order
    if order is None:
        return None
    del bench.orders[order.id]
    bench.session = replace(bench.session, order=None)
    return bench.put(Refreshed(order))


def _wanted_back(bench: Bench) -> object:
    """The hub wants an order for another bench, and this one answers in the same turn."""
    order = bench.session.order or next(iter(bench.orders.values()), None)
    if order is None:
        return None
    wanted = facts.ShipmentWanted(shipment=order.shipments[0].id, bench="b2")
    if refusal(order, wanted) is None:
        said = wish.answer(apply(order, wanted), order.shipments[0].id)
        assert said is not None
        return bench.happens(order.id, wanted, said)
    return None


def _open_one(bench: Bench) -> object:
    """Scan an order that can be packed; when there is none any more, one comes in."""
    if bench.session.packer is None:
        return bench.scan("PKUSR0007")
    for order in bench.orders.values():
        shipment = order.shipments[0]
        workable = shipment.state in ("allocated", "picking", "packing")
        if workable and not shipment.stopped and flows.standing.due(shipment):
            return bench.scan(order.channel_order_id)
    bench.arrived += 1
    number = f"202-0000001-{bench.arrived + 3:07d}"
    lines = tuple(msgspec.structs.replace(line) for line in ONE.lines)
    order = allocated(an_order(number, lines=lines))
    bench.orders[order.id] = order
    return bench.scan(number)


def _sensible(bench: Bench) -> object:
    """What a packer who knows the trade, a hub and a printer do next: else no play gets far."""
    session = bench.session
    order, parcel = session.order, session.parcel
    if session.latched:
        return bench.press("ACK")
    if session.question is not None:
        answers = {"serial": "SN-9", "weight": "PKUSR0001", "why-copy": "PKCMDBOX1"}
        card = f"PKCMD{session.question.kind.upper()}"
        return bench.scan(answers.get(session.question.kind, card))
    shipment = session.shipment
    if session.flow == "choose" or order is None or parcel is None or shipment is None:
        return _open_one(bench)
    if session.flow == "pack":
        due = {part.line: part.due for part in shipment.lines}
        left = [line for line in order.lines if shipment.packed(line.id) < due.get(line.id, 0)]
        return bench.scan(left[0].gtins[0]) if left else bench.press("DONE")
    if session.flow == "weigh":
        return bench.scan("PKBOXM") if not parcel.box else _weigh(0)(bench)
    if parcel.void_wanted:
        return bench.happens(order.id, facts.LabelVoided(parcel=parcel.id))
    if parcel.label_state in (LabelState.REQUESTED, LabelState.UNCERTAIN):
        return bench.hub_sells()
    if parcel.print_state is PrintState.QUEUED and not shipment.stopped:
        return bench.printer_prints()
    return _own_label(bench)


ODD_MOVES = st.one_of(
    st.sampled_from(SCANS).map(_scan),
    st.sampled_from(CARDS).map(_press),
    st.sampled_from([0, 0, 0, 49, -2000, 700]).map(_weigh),
    st.just(_own_label),
    st.integers(0, 200).map(_elsewhere),
    st.integers(0, 200).map(_elsewhere),
    st.sampled_from(
        [
            _spoiled_label,
            _restart,
            _vanish,
            _wanted_back,
            lambda bench: bench.put(NotZeroed(500)),
            lambda bench: bench.put(Unweighed("frozen")),
            lambda bench: bench.put(Refreshed(bench.session.order)),
            lambda bench: bench.put(Refreshed(None)),
            lambda bench: bench.put(PrinterTrouble("zd421", "paper")),
            lambda bench: bench.put(PrinterTrouble("zd421", "")),
            lambda bench: bench.put(Refused("database or disk is full")),
            _scan("202-0000001-0000001"),
        ]
    ),
)
MOVES = st.integers(0, 9).flatmap(lambda n: st.just(_sensible) if n < 6 else ODD_MOVES)
BENCHES = st.sampled_from(
    [Settings(), Settings(scale=False), Settings(ask_box=True), Settings(scale=False, boxes=())]
)
PLAYS = st.lists(MOVES, min_size=20, max_size=60)


def _fresh(kind: Settings) -> Bench:
    return a_bench(ONE, TWO, NONE, settings=kind)


@given(BENCHES, PLAYS)
@settings(max_examples=60, deadline=None)
def test_every_input_is_answered_and_nothing_is_done_that_may_not_be(
    kind: Settings, play: list[Move]
) -> None:
    _every_input_is_answered(kind, play)


@pytest.mark.slow
@given(BENCHES, PLAYS)
@settings(max_examples=250, deadline=None)
def test_every_input_is_answered_on_a_long_day(kind: Settings, play: list[Move]) -> None:
    _every_input_is_answered(kind, play)


def _every_input_is_answered(kind: Settings, play: list[Move]) -> None:
    bench = _fresh(kind)
    for at, move in enumerate(play):
        move(bench)  # the bench refuses what the life of an order does not allow
        assert bench.session.said is not None
        language = wording.LANGUAGES[at % len(wording.LANGUAGES)]
        session = replace(bench.session, language=language)
        shown, picture = flows.verdict(session), flows.prompt(session)
        assert shown.word
        assert picture.title
        assert picture.instruction
        assert "{" not in f"{shown}{picture.instruction}"


@given(BENCHES, PLAYS)
@settings(max_examples=40, deadline=None)
def test_no_label_is_printed_twice_nor_one_that_was_given_back(
    kind: Settings, play: list[Move]
) -> None:
    bench, printed = _fresh(kind), set[str]()
    for move in play:
        seen = len(bench.effects)
        move(bench)
        for effect in bench.effects[seen:]:
            if isinstance(effect, PrintLabel):
                assert effect.job not in printed
                printed.add(effect.job)
                order = next(o for i, o in bench.orders.items() if effect.parcel_id.startswith(i))
                parcel = order.parcel(effect.parcel_id)
                assert parcel.label_usable
                assert parcel.label is not None
                assert effect.job.startswith(parcel.label.tracking + ":")
                assert parcel.label.address == order.address_digest


@given(BENCHES, PLAYS, MOVES)
@settings(max_examples=40, deadline=None)
def test_a_red_bench_hears_only_an_acknowledgement(
    kind: Settings, play: list[Move], move: Move
) -> None:
    bench = _fresh(kind)
    for earlier in play:
        earlier(bench)
        if not bench.session.latched:
            continue
        before = bench.session
        for text in (MUG, "PKCMDUNDO", "PKUSR0001", "rubbish"):
            effects = len(bench.effects)
            bench.scan(text)
            after = bench.session
            assert len(bench.effects) == effects
            assert after.latched
            assert (after.flow, after.order, after.undo) == (before.flow, before.order, before.undo)
            assert after.said is not None
            assert before.said is not None
            assert after.said.word == before.said.word
        if bench.session.question is None:
            bench.press("ACK")
            assert not bench.session.latched


@given(BENCHES, PLAYS)
@settings(max_examples=40, deadline=None)
def test_what_was_given_back_is_not_begun(kind: Settings, play: list[Move]) -> None:
    bench, away = _fresh(kind), set[str]()
    for at, move in enumerate(play):
        (_wanted_back if at % 4 == 0 else move)(bench)
        away |= {id for id, order in bench.orders.items() if order.state == "ready"}
        assert all(bench.orders[id].state == "ready" for id in away & bench.orders.keys())
        if bench.session.order is not None and bench.session.order.id in away:
            assert bench.session.question is None


OWN_MOVES = st.one_of(
    st.sampled_from(SCANS).map(_scan),
    st.sampled_from((MUG, SPOON, "SN-1", "PKCMDACK", "202-0000001-0000001")).map(_scan),
    st.sampled_from([c for c in CARDS if c not in ("UNDO", "HOLD")]).map(_press),
)


@given(st.lists(OWN_MOVES, max_size=50))
@settings(max_examples=80, deadline=None)
def test_taking_back_every_scan_leaves_the_order_as_it_was(play: list[Move]) -> None:
    bench = _fresh(Settings())
    before = {}
    for move in play:
        orders = dict(bench.orders)
        chain = bench.session.undo
        move(bench)
        if not chain or bench.session.undo[:1] != chain[:1]:
            before = orders  # the chain begins here
    if bench.session.latched:
        bench.press("ACK")
    open_order = bench.session.order
    for _ in range(200):
        if not bench.session.undo:
            break
        bench.press("UNDO")
        assert bench.session.said is not None
        assert bench.session.said.tone is not Tone.BAD
    if open_order is not None and before:
        assert bench.orders[open_order.id] == before[open_order.id]
