"""Whether a batch joins the journal that is stored: clones, rollbacks, damage, repetition."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sync.hub import benches
from sync.hub.joint import Said, Sent, problem
from sync.hub.schema import entry
from sync.orders import facts
from sync.protocol import chain
from sync.protocol.messages import Acked, Enrol, Gap, Numbered, Verdict
from tests.builders import an_order
from tests.sync.hub.test_entries import Hub
from tests.sync.hub.world import Bench


def journal(number: int, mark: str = "", previous: str = chain.START, first: int = 1) -> list[Said]:
    said = []
    for seq in range(first, first + number):
        body = msgspec.json.encode({"id": f"{mark}{seq}"}, order="sorted")
        previous = chain.link_body(previous, seq, body)
        said.append(Said(seq, msgspec.Raw(body), previous))
    return said


MINE = journal(6)
STORED = {one.seq: one.hash for one in MINE[:4]}


def batch(said: list[Said], previous: str) -> Sent:
    return Sent("b1", 1, previous, tuple(said))


def what(said: list[Said], previous: str, last: int = 4) -> Gap | None:
    stored = {seq: hash for seq, hash in STORED.items() if seq <= last}
    return problem(batch(said, previous), last, stored.get(last, chain.START), stored)


def test_what_goes_on_joins_and_so_does_what_is_repeated() -> None:
    assert what(MINE[4:], MINE[3].hash) is None
    assert what(MINE[2:], MINE[1].hash) is None
    assert what(MINE, chain.START) is None
    assert what(MINE[:2], chain.START) is None
    assert what([], "anything") is None


def test_what_is_missing_is_asked_for() -> None:
    assert what(MINE[5:], MINE[4].hash) == Gap(need=5)
    assert what([*MINE[3:4], *MINE[5:]], MINE[2].hash) == Gap(need=5)


def test_a_batch_that_was_damaged_is_asked_for_again_and_is_no_fork() -> None:
    broken = msgspec.structs.replace(MINE[4], entry=msgspec.Raw(b'{"id":"x"}'))
    assert what([broken, MINE[5]], MINE[3].hash) == Gap(need=5)
    assert what(MINE[4:], "0" * 64) == Gap(need=5)
    assert what(MINE[4:], "\N{SNOWMAN}") == Gap(need=5)
    assert what(list(reversed(MINE[4:])), MINE[3].hash) == Gap(need=5)
    assert what([msgspec.structs.replace(MINE[0], seq=-1)], chain.START) == Gap(need=5)


def test_another_journal_is_a_fork_wherever_it_parts() -> None:
    clone = journal(2, "clone", MINE[2].hash, first=4)
    assert what(clone, MINE[2].hash) == Gap(need=5, fork=True)
    assert what(clone[1:], clone[0].hash) == Gap(need=5, fork=True)
    assert what(journal(6, "other"), chain.START) == Gap(need=5, fork=True)


def test_what_lies_before_an_incarnation_cannot_be_compared_and_is_not_believed() -> None:
    joined = problem(batch(MINE[4:], MINE[3].hash), 4, MINE[3].hash, {})
    assert joined is None
    assert problem(batch(MINE[2:], MINE[1].hash), 4, MINE[3].hash, {}) == Gap(need=5)


# -- benches whose disks are copied and put back, against a hub


@dataclass
class Machine:
    """A bench's disk, and what it thinks of itself."""

    bench: Bench
    told: list[Numbered] = field(default_factory=list)
    base: str = chain.START
    acked: int = 0
    over: bool = False

    def image(self) -> Machine:
        """Copy the disk."""
        bench = Bench(self.bench.store, self.bench.book, self.bench.name, self.bench.incarnation)
        bench.seq, bench.hash = self.bench.seq, self.bench.hash
        return Machine(bench, list(self.told), self.base, self.acked, self.over)

    def hash_at(self, seq: int) -> str:
        """Give the hash of an entry of this disk."""
        return self.told[seq - 1].hash if seq else chain.START


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    made = Hub(tmp_path_factory.mktemp("hub"))
    yield made
    made.store.close()


def enrol(hub: Hub, machine: Machine) -> None:
    """Let a machine be the bench (again), from the last entry that it knows the hub to have."""
    now = time.time()
    with hub.store.write() as connection:
        code = benches.new_code(connection, machine.bench.name, now)
        said = Enrol(
            code=code, public_key="0" * 64, after=machine.acked, hash=machine.hash_at(machine.acked)
        )
        enrolled = benches.enrol(connection, said, now)
    assert enrolled is not None
    machine.bench.incarnation = enrolled.incarnation
    machine.over = False


def send(machine: Machine, most: int, *, lost: bool = False) -> None:
    """Send what is owed, from where the hub wants it."""
    at = machine.acked
    for _ in range(4):
        owed = machine.told[at : at + most]
        answer = machine.bench.post(machine.bench.batch(machine.hash_at(at), owed))
        if isinstance(answer, Acked):
            machine.acked = machine.acked if lost else min(answer.acked, len(machine.told))
            return
        if answer.fork or answer.need == at + 1 or answer.need - 1 > len(machine.told):
            machine.over = True
            return
        at = answer.need - 1


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_clones_and_old_images_lose_no_entry_and_double_none(
    long_lived: Hub, data: st.DataObject
) -> None:
    hub, name = long_lived, uuid4().hex
    order = an_order(name)
    hub.add(order)
    first = Machine(Bench(hub.store, hub.book, name, 0))
    enrol(hub, first)
    machines, images = [first], [first.image()]
    happened: set[str] = set()
    for step in data.draw(st.lists(st.sampled_from("wwwssslicre"), max_size=25)):
        at = data.draw(st.integers(0, len(machines) - 1))
        machine = machines[at]
        match step:
            case "w":
                new = machine.bench.numbered(
                    order.id,
                    None,
                    facts.OrderHeld(shipment=f"{order.id}#1", hold="fraud"),  # type: ignore[arg-type]
                )
                machine.told += new
                happened |= {one.entry.id for one in new}
            case "s" | "l":
                send(machine, data.draw(st.integers(1, 4)), lost=step == "l")
            case "i":
                images.append(machine.image())
            case "c" if len(machines) < 3:  # its disk is put into another machine
                machines.append(machine.image())
            case "r":  # an old image is put back: what the disk had and nobody was told, is gone
                gone = {one.entry.id for one in machine.told[machine.acked :]}
                image = data.draw(st.sampled_from(images)).image()
                kept = {one.entry.id for other in [*machines, image] for one in other.told}
                machines[at] = image
                told = ids(hub, name)
                happened -= {id for id in gone if id not in told and id not in kept}
                happened -= {
                    id for id in happened - told if not any(id in known(one) for one in machines)
                }
            case "e" if machine.over:
                enrol(hub, machine)
            case _:
                pass
    for machine in machines:  # in the end a person enrols each of them, and it tells everything
        enrol(hub, machine)
        send(machine, 500)
        assert not machine.over
    assert happened <= ids(hub, name)
    followed = [id for id, verdict in rows(hub, name) if verdict != Verdict.DUP.value]
    assert len(followed) == len(set(followed))


def known(machine: Machine) -> set[str]:
    return {one.entry.id for one in machine.told}


def rows(hub: Hub, name: str) -> list[tuple[str, str]]:
    with hub.store.read() as connection:
        found = connection.execute(select(entry.c.id, entry.c.verdict).where(entry.c.bench == name))
        return [(row.id, row.verdict) for row in found]


def ids(hub: Hub, name: str) -> set[str]:
    return {id for id, _ in rows(hub, name)}
