"""What a marketplace's word comes to, whatever it says and however often."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.hub import news
from sync.hub.news import Said
from sync.hub.troubles import Kind
from sync.hub.work import LabelWork, label_work, reference
from sync.orders import (
    Address,
    Cancellation,
    Claim,
    ConfirmAt,
    Fact,
    HoldKind,
    Order,
    State,
    facts,
    fold,
)
from tests.builders import ADA, NOON, a_line, an_order, up_to_close


def kept(order: Order, new: news.News) -> Order:
    """Give the order as the book keeps it after the news."""
    after = order
    for fact in new.facts:
        address = after.address
        after = fold(after, [fact])
        if not isinstance(fact, facts.AddressChanged):
            after = replace(after, address=address)
    return replace(new.order, shipments=after.shipments)


def known(said: Said) -> Order:
    """Give the order as a first word of it leaves it in the book."""
    new = news.of_new(said)
    assert new is not None
    return fold_in(new.order, new.facts)


def fold_in(order: Order, done: list[Fact]) -> Order:
    return kept(order, news.News(order, done))


ELSEWHERE = replace(ADA, lines=("1 Other Street",))
ALLOTTED = facts.ShipmentAllocated(
    shipment="amazon-uk:202-0000001-0000001#1", warehouse="main", bench="b1", claim=Claim(1, 1)
)


@st.composite
def words(draw: st.DrawFn) -> Said:
    """Anything a marketplace may say of the one order."""
    address = draw(st.sampled_from([ADA, ELSEWHERE, None, replace(ADA, name="****"), Address()]))
    state = draw(st.sampled_from([State.READY, State.PENDING_PAYMENT]))
    lines = tuple(
        a_line(id, quantity=draw(st.integers(1, 3)))
        for id in draw(st.sampled_from([("L1",), ("L1", "L2"), ("L2",), ()]))
    )
    order = an_order(lines=lines, state=state, address=address)
    late = draw(st.integers(-1, 3))
    return Said(
        order=replace(order, changed_at=NOON + timedelta(minutes=late)),
        held=draw(st.sampled_from(["", "", "an unknown status"])),
        cancel_requested=draw(st.booleans()),
        cancelled=draw(st.integers(0, 5)) == 0,
        shipped=draw(st.integers(0, 5)) == 0,
    )


@given(st.lists(words(), min_size=1, max_size=5), st.booleans())
def test_the_same_word_twice_is_said_once(said: list[Said], allotted: bool) -> None:
    order = known(Said(order=replace(an_order(), changed_at=NOON)))
    if allotted:
        order = fold_in(order, [ALLOTTED])
    for word in said:
        order = kept(order, news.of_known(order, word))
        again = news.of_known(order, word)
        assert not again.facts
        assert kept(order, again) == order


@given(words())
def test_a_first_word_is_a_second_one_that_says_nothing(said: Said) -> None:
    new = news.of_new(said)
    if new is not None:
        order = fold_in(new.order, new.facts)
        assert not news.of_known(order, said).facts


def test_an_older_word_says_nothing() -> None:
    order = replace(an_order(), changed_at=NOON)
    older = replace(order, changed_at=NOON - timedelta(seconds=1), address=ELSEWHERE)
    assert not news.of_known(order, Said(order=older, cancelled=True)).facts


def test_what_was_shipped_before_we_knew_it_is_none_of_ours() -> None:
    assert news.of_new(Said(order=an_order(), shipped=True)) is None


def test_what_was_partly_shipped_before_we_knew_it_is_held() -> None:
    new = news.of_new(Said(order=an_order(), partly_shipped=True))
    assert new is not None
    assert [type(fact) for fact in new.facts] == [facts.OrderHeld]


def test_pieces_that_were_called_off_are_taken_off() -> None:
    order = an_order(lines=(a_line(quantity=3), a_line("L2")))
    less = an_order(lines=(a_line(quantity=1),))
    after = kept(order, news.of_known(order, Said(order=less)))
    assert [line.quantity for line in after.shipments[0].lines] == [1, 0]


def test_pieces_that_were_added_need_a_person() -> None:
    new = news.of_known(an_order(), Said(order=an_order(lines=(a_line(quantity=2),))))
    assert [one.kind for one in new.troubles] == [Kind.CHANGED]
    assert new.order.shipments[0].holds[0].kind is HoldKind.OPERATOR


def test_shipped_elsewhere_is_not_shipped_again() -> None:
    order = fold_in(an_order(), [ALLOTTED])
    new = news.of_known(order, Said(order=an_order(), shipped=True))
    assert new.order.shipments[0].stopped
    assert [one.kind for one in new.troubles] == [Kind.SHIPPED_ELSEWHERE]


def test_what_we_confirmed_ourselves_is_no_news() -> None:
    order = an_order()
    box = f"{order.shipments[0].id}/1"
    told: list[Fact] = [
        facts.ConfirmationQueued(parcel=box, at=ConfirmAt.CLOSED, reference="1"),
        facts.ConfirmationSent(parcel=box),
    ]
    order = fold_in(order, [*up_to_close(order), *told])
    assert not news.of_known(order, Said(order=an_order(), shipped=True)).facts


def test_a_cancellation_after_handover_is_a_trouble_and_no_fact() -> None:
    order = an_order()
    box = f"{order.shipments[0].id}/1"
    order = fold_in(order, [*up_to_close(order), facts.ParcelHandedOver(parcel=box)])
    new = news.of_known(order, Said(order=an_order(), cancelled=True))
    assert not new.facts
    assert [one.kind for one in new.troubles] == [Kind.TOO_LATE]


def test_a_cancellation_of_a_closed_parcel_pulls_it() -> None:
    order = fold_in(an_order(), [*up_to_close(an_order())])
    new = news.of_known(order, Said(order=an_order(), cancelled=True))
    assert new.order.shipments[0].cancellation is Cancellation.CANCELLED
    assert "pull the parcel" in new.troubles[0].sentence


def test_an_address_that_a_marketplace_hides_later_stays() -> None:
    order = an_order()
    assert not news.of_known(order, Said(order=an_order(address=None))).facts


def test_a_label_for_the_old_address_is_given_back_unless_the_box_is_closed() -> None:
    order = an_order()
    packed: list[Fact] = [*up_to_close(order)]
    for done, wanted in ((packed[:-1], LabelWork.VOID), (packed, None)):
        before = fold_in(order, done)
        moved = an_order(address=ELSEWHERE)
        after = kept(before, news.of_known(before, Said(order=moved)))
        shipment = after.shipments[0]
        assert label_work(after, shipment, shipment.parcels[0]) is wanted


def test_every_parcel_of_an_order_has_its_own_reference() -> None:
    order = fold_in(an_order(), [*up_to_close(an_order())])
    first = order.shipments[0]
    second = replace(first, id=f"{order.id}#2")
    both = replace(order, shipments=(first, second))
    names = {reference(both, one, one.parcels[0]) for one in both.shipments}
    assert len(names) == 2
    assert all(name.isdigit() for name in names)
