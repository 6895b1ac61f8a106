"""The key of a label: the same for the same label, another for another one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sync.orders import LabelState, Parcel, facts, fold
from sync.orders.label_key import label_key
from tests.builders import a_label, an_order

ORDER = an_order()
BOX = f"{ORDER.shipments[0].id}/1"
THERE = ORDER.address_digest


def asked(parcel: Parcel) -> facts.LabelRequested:
    return facts.LabelRequested(
        parcel=parcel.id, key=label_key(parcel, THERE), grams=1, address=THERE
    )


def test_every_label_that_a_parcel_had_spends_its_key() -> None:
    order = fold(ORDER, [facts.ParcelPlanned(parcel=BOX)])
    keys = []
    for n in range(3):
        keys.append(label_key(order.parcel(BOX), THERE))
        label = a_label(ORDER, f"T{n}")
        order = fold(
            order,
            [
                asked(order.parcel(BOX)),
                facts.LabelBought(parcel=BOX, label=label),
                facts.LabelVoided(parcel=BOX),
            ],
        )
    assert keys == [f"{BOX}:{n}:{THERE[:8]}" for n in (1, 2, 3)]


def test_what_the_carrier_refused_is_asked_for_under_the_same_key() -> None:
    order = fold(ORDER, [facts.ParcelPlanned(parcel=BOX)])
    first = asked(order.parcel(BOX))
    order = fold(order, [first, facts.LabelFailed(parcel=BOX, why="no")])
    assert asked(order.parcel(BOX)).key == first.key


def test_a_label_that_was_given_back_unseen_has_spent_its_key() -> None:
    order = fold(ORDER, [facts.ParcelPlanned(parcel=BOX)])
    first = asked(order.parcel(BOX))
    lost: list[facts.Fact] = [first, facts.LabelUncertain(parcel=BOX)]
    lost.append(facts.LabelVoided(parcel=BOX))
    assert asked(fold(order, lost).parcel(BOX)).key != first.key


def test_another_address_is_another_label() -> None:
    parcel = Parcel(id=BOX, number=1)
    assert label_key(parcel, "a" * 16) != label_key(parcel, "b" * 16)


@pytest.mark.parametrize("made", ["ahead", f"{BOX}~0123456789ab", f"{BOX}:x", f"{BOX}:7", ""])
def test_a_key_that_somebody_else_made_is_not_given_again(made: str) -> None:
    label = a_label(ORDER)
    state = LabelState.VOID_REFUSED
    parcel = replace(Parcel(id=BOX, number=1), label_key=made, label=label, label_state=state)
    assert label_key(parcel, THERE) != made
