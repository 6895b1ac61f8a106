"""The books of Simpost: every label it sold, to whom it belongs, and what became of it."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec.structs import replace

import layouts
from sync.orders.address import Address
from sync.orders.learn import learn
from sync.orders.money import Money
from sync.simulate.carrier import paper, tariff, tracking
from sync.simulate.keep import Shelf

LABEL = "carrier.label"
STATE = "carrier.state"
NO_POSTCODE = frozenset({"AE", "HK"})
"""Countries whose post uses no postcodes."""
DEPOT = Address(
    name="Packbench Demo Shop",
    lines=("Unit 7, Old Quay Street",),
    city="Leeds",
    postcode="LS1 4AP",
    country="GB",
)
"""Who sends, when the purchase does not say."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """What a label is bought for: the body of a purchase."""

    service: str
    to: Address
    grams: int
    reference: str
    """The buyer's own name of the parcel."""
    sender: Address | None = None
    format: str = "zpl"
    order: str = ""
    """Printed on the label."""


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """One label."""

    id: str
    key: str
    wanted: Wanted
    tracking: str
    cost: Money
    data: bytes
    bought_at: datetime
    state: str = "sold"
    """sold | voided | handed_over"""
    asked: int = 1
    """How often its key was used."""
    voids: int = 0
    """How often it was given back."""
    double: bool = False
    """Whether its reference had a label already that was not given back."""
    manifest: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is turned down, in a sentence for a person."""

    status: int
    code: str
    sentence: str


class State(msgspec.Struct, frozen=True):
    """What is counted beside the labels."""

    serial: int
    refused: int = 0
    conflicts: int = 0
    manifests: int = 0


class Book:
    """Everything that was sold."""

    def __init__(self, shelf: Shelf, seed: int) -> None:
        self._shelf = shelf
        # Two worlds with different seeds do not give the same numbers.
        fresh = State(int(sha256(f"{seed}:serial".encode()).hexdigest(), 16) % 90_000_000)
        kept = dict(shelf.load(STATE))
        self._state = msgspec.json.decode(kept["state"], type=State) if kept else fresh
        self._labels: dict[str, Sold] = {}
        self._keys: dict[str, str] = {}
        self._references: dict[str, dict[str, None]] = {}
        for _, body in shelf.load(LABEL):
            self._index(msgspec.json.decode(body, type=Sold))

    def buy(self, key: str, wanted: Wanted, now: datetime) -> Sold | Refused:
        """Sell a label; for a key that was used, give the label that it bought."""
        known = self._keys.get(key)
        if known is not None:
            label = self._labels[known]
            if label.wanted != wanted:
                self._count(conflicts=self._state.conflicts + 1)
                return Refused(
                    409,
                    "key_reused",
                    "This Idempotency-Key bought another label. Use a new key for a new parcel.",
                )
            return self._keep(replace(label, asked=label.asked + 1))
        refused = why_not(wanted)
        if refused is None:
            label_or_not = self._sell(key, wanted, now)
            if isinstance(label_or_not, Sold):
                return label_or_not
            refused = label_or_not
        self._count(refused=self._state.refused + 1)
        return refused

    def get(self, id: str) -> Sold | None:
        """Give a label."""
        return self._labels.get(id)

    def of_reference(self, reference: str) -> list[Sold]:
        """Give the labels that were bought for a reference, the first one first."""
        return [self._labels[id] for id in self._references.get(reference, ())]

    def of_key(self, key: str) -> list[Sold]:
        """Give the label that a key bought, if it did."""
        return [self._labels[self._keys[key]]] if key in self._keys else []

    def all(self) -> list[Sold]:
        """Give every label."""
        return list(self._labels.values())

    def void(self, id: str) -> Sold | Refused:
        """Take a label back; again is as good as once."""
        label = self._labels.get(id)
        if label is None:
            return Refused(404, "unknown_label", f"There is no label {id}.")
        if label.state == "handed_over":
            return Refused(
                409,
                "handed_over",
                f"The parcel {label.tracking} was handed over. Its label cannot be given back.",
            )
        return self._keep(replace(label, state="voided", voids=label.voids + 1))

    def hand_over(self, ids: Sequence[str]) -> str | Refused:
        """Take parcels along; give the manifest's number."""
        for id in ids:
            label = self._labels.get(id)
            if label is None:
                return Refused(404, "unknown_label", f"There is no label {id}.")
            if label.state == "voided":
                return Refused(
                    409,
                    "voided",
                    f"The label {label.tracking} was given back. Take the parcel out.",
                )
        self._count(manifests=self._state.manifests + 1)
        manifest = f"M{self._state.manifests:06d}"
        for id in ids:
            label = self._labels[id]
            if label.state == "sold":
                self._keep(replace(label, state="handed_over", manifest=manifest))
        return manifest

    def ledger(self) -> dict[str, Any]:
        """Give the books as JSON; no addresses, no label bytes."""
        return {
            "labels": {label.id: _entry(label) for label in self._labels.values()},
            "double_purchases": sorted(
                {label.wanted.reference for label in self._labels.values() if label.double}
            ),
            "totals": self.totals(),
        }

    def totals(self) -> dict[str, int]:
        """Add everything up."""
        labels = list(self._labels.values())
        states = Counter(label.state for label in labels)
        return {
            "labels": len(labels),
            "sold": states["sold"],
            "voided": states["voided"],
            "handed_over": states["handed_over"],
            "keys": len(self._keys),
            "key_repeats": sum(label.asked - 1 for label in labels),
            "key_conflicts": self._state.conflicts,
            "refused": self._state.refused,
            "double": sum(label.double for label in labels),
            "spent_pence": sum(label.cost.minor for label in labels if label.state != "voided"),
        }

    def _sell(self, key: str, wanted: Wanted, now: datetime) -> Sold | Refused:
        service = tariff.BY_NAME[wanted.service]
        serial = self._state.serial + 1
        number = tracking.number(service.prefix, serial % 100_000_000, tariff.HOME)
        try:
            data = paper.draw(
                sender=wanted.sender or DEPOT,
                to=wanted.to,
                title=service.title,
                tracking=number,
                order=wanted.order or wanted.reference,
                grams=wanted.grams,
                lane=service.lane,
                day=now,
                format=wanted.format,
            )
        except layouts.LayoutError as wrong:
            return Refused(422, "address_too_long", f"The address fits on no label: {wrong}")
        self._count(serial=serial)
        others = self.of_reference(wanted.reference)
        label = Sold(
            id=f"L{serial:08d}",
            key=key,
            wanted=wanted,
            tracking=number,
            cost=tariff.price(service, wanted.to.country, wanted.grams),
            data=data,
            bought_at=now,
            double=any(other.state != "voided" for other in others),
        )
        return self._keep(label)

    def _keep(self, label: Sold) -> Sold:
        self._shelf.put(LABEL, [(label.id, msgspec.json.encode(label))])
        self._index(label)
        return label

    def _index(self, label: Sold) -> None:
        self._labels[label.id] = label
        self._keys[label.key] = label.id
        self._references.setdefault(label.wanted.reference, {})[label.id] = None

    def _count(self, **counts: int) -> None:
        self._state = replace(self._state, **counts)
        self._shelf.put(STATE, [("state", msgspec.json.encode(self._state))])


def why_not(wanted: Wanted) -> Refused | None:
    """Say why a label is not sold; None when it is."""
    service = tariff.BY_NAME.get(wanted.service)
    if service is None:
        offered = " and ".join(tariff.BY_NAME)
        return _no("unknown_service", f"There is no service {wanted.service}; there are {offered}.")
    if wanted.format not in paper.FORMATS:
        return _no("unknown_format", f"Labels come as zpl or pdf, not as {wanted.format}.")
    if not wanted.reference:
        return _no("no_reference", "The parcel needs a reference of yours.")
    if not 0 < wanted.grams <= service.max_grams:
        most = service.max_grams // 1000
        return _no(
            "weight", f"{service.title} takes 1 g to {most} kg; the parcel has {wanted.grams} g."
        )
    return _undeliverable(wanted.to)


def _undeliverable(to: Address) -> Refused | None:
    if to.masked:
        return _no("address_masked", "The address is masked. Ask the marketplace for the real one.")
    missing = [
        what
        for what, said in (
            ("a name", to.name or to.company),
            ("a street", "".join(to.lines)),
            ("a city", to.city),
            ("a country", to.country),
            ("a postcode", to.postcode or to.country in NO_POSTCODE),
        )
        if not said
    ]
    if missing:
        return _no("address_incomplete", f"The address lacks {' and '.join(missing)}.")
    return None


def _no(code: str, sentence: str) -> Refused:
    return Refused(422, code, sentence)


def said(label: Sold) -> dict[str, Any]:
    """Give a label as the buyer sees it."""
    service = tariff.BY_NAME[label.wanted.service]
    return {
        "label_id": label.id,
        "key": label.key,
        "reference": label.wanted.reference,
        "state": label.state,
        "carrier": "simpost",
        "service": service.service,
        "tracking": label.tracking,
        "lane": service.lane,
        "grams": label.wanted.grams,
        "tolerance_grams": service.tolerance_grams,
        "cost": {"minor": label.cost.minor, "currency": label.cost.currency},
        "bought_at": label.bought_at,
        "format": label.wanted.format,
        "data_b64": b64encode(label.data).decode("ascii"),
        "sha256": sha256(label.data).hexdigest(),
    }


def _entry(label: Sold) -> dict[str, Any]:
    return {
        "reference": label.wanted.reference,
        "key": label.key,
        "tracking": label.tracking,
        "state": label.state,
        "grams": label.wanted.grams,
        "address": label.wanted.to.digest,
        "asked": label.asked,
        "voids": label.voids,
        "double": label.double,
        "manifest": label.manifest,
        "sha256": sha256(label.data).hexdigest(),
    }


learn(Wanted, Sold, State)
