from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from station import flows
from station.bench import Bench, Printers
from station.codes.code import BadgeCode
from station.codes.own import write
from station.prompt import Tone
from station.session import Session, Settings, saved
from station.store import engine, journal
from station.store.keep import StoreKeep
from station.store.store import Damaged, Full, Store, StoreError
from sync.orders import Claim, Entry, Fact, Order, apply, facts
from sync.protocol.messages import Change, Enrolled, Heartbeat, Packer, Page
from tests.builders import MUG, NOON, a_line, an_order

PIECES = 3_000
FRESH = Session(bench="b1", settings=Settings(scale=False))


def page(after: int, count: int) -> Page:
    orders = [
        an_order(f"202-{after + n:07d}-1", lines=(a_line(quantity=PIECES),)) for n in range(count)
    ]
    orders = [apply(order, allocated(order)) for order in orders]
    return Page(
        after=f"{1 if after else 0}.{after}",
        next=f"1.{after + count}",
        head=f"1.{after + count}",
        changes=tuple(
            Change(seq=after + n, shipment=order.shipments[0].id, order=order, through=0)
            for n, order in enumerate(orders, 1)
        ),
        packers=(Packer(badge="ANNA", name="Anna"),),
        server_time=NOON,
    )


def allocated(order: Order) -> Fact:
    return facts.ShipmentAllocated(
        shipment=order.shipments[0].id, warehouse="main", bench="b1", claim=Claim(1, 1)
    )


class Bench1:
    """A bench with an order of very many pieces open."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path)
        self.keep = StoreKeep(self.store, lambda: Heartbeat(bench="b1"))
        self.keep.enrol(Enrolled(bench="b1", incarnation=1, epoch=1, server_time=NOON))
        self.keep.take(page(0, 1))
        self.bench = Bench(self.store, FRESH, Printers())
        self.bench.scan(write(BadgeCode("ANNA")), "hand")
        assert self.bench.scan(MUG, "hand").order is not None

    def scan_until_refused(self) -> int:
        """Scan until the disk takes no more; how many it took."""
        for taken in range(PIECES):
            self.bench.scan(MUG, "hand")
            if self.refused:
                return taken
        raise AssertionError("the disk took everything")

    @property
    def refused(self) -> bool:
        """Whether the banner is red and says so."""
        verdict = flows.verdict(self.bench.session)
        return verdict.tone is Tone.STOP and "disk" in verdict.line1

    def counted(self) -> tuple[int, int, int]:
        """Pieces in the order, pieces in the journal, scans."""
        with self.store.turn() as turn:
            order = turn.order("amazon-uk:202-0000000-1")
            assert order is not None
            packed = sum(one.quantity for one in order.shipments[0].parcels[0].packed)
            bodies = turn.sql.execute(text("SELECT body FROM entries")).scalars()
            kept = [msgspec.json.decode(body, type=Entry) for body in bodies]
            entries = sum(isinstance(one.fact, facts.ItemPacked) for one in kept)
            scans = turn.sql.execute(text("SELECT count(*) FROM scans")).scalar_one()
        return packed, entries, scans


@contextmanager
def full(store: Store) -> Iterator[None]:
    """No page more: SQLite's own words for a full disk, on any system."""
    wires = (store._scans, store._feed)
    for wire in wires:
        wire.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (pages,) = wire.raw.execute("PRAGMA page_count").fetchone()
        wire.raw.execute(f"PRAGMA max_page_count={pages + 2}")
    yield
    for wire in wires:
        wire.raw.execute("PRAGMA max_page_count=1000000")


def test_a_full_disk_refuses_scans_in_red_and_keeps_no_half(tmp_path: Path) -> None:
    here = Bench1(tmp_path / "bench.db")
    with closing(here.store):
        with full(here.store):
            here.scan_until_refused()
            packed, entries, scans = here.counted()
            assert packed == entries
            with pytest.raises(Full, match="Make room"):
                here.keep.take(page(1, 200))
            assert str(here.keep.cursor()) == "1.1"
        here.bench.scan(MUG, "hand")
        assert not here.refused
        assert here.counted() == (packed + 1, entries + 1, scans + 1)
        assert here.keep.take(page(1, 200)) is None
        assert str(here.keep.cursor()) == "1.201"
        here.store.check()


@contextmanager
def a_disk(at: Path, size: str) -> Iterator[Path]:
    """A disk of that size. Skips where this user may not mount one."""
    at.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)]
    if os.geteuid() != 0 or subprocess.run(asked, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def remount(at: Path, how: str) -> None:
    if subprocess.run(["mount", "-o", f"remount,{how}", str(at)], capture_output=True).returncode:
        pytest.skip(f"this system does not remount a disk {how}")


def test_a_disk_that_really_is_full_refuses_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with a_disk(tmp_path / "disk", "2m") as disk:
        here = Bench1(disk / "bench.db")
        with closing(here.store):
            here.scan_until_refused()
            packed, entries, scans = here.counted()
            assert packed == entries > 0
            for n in range(5):
                here.bench.scan(MUG, "hand")
                assert here.refused, n
            remount(disk, "size=64m")
            for _ in range(5):
                here.bench.scan(MUG, "hand")
                assert not here.refused
            assert here.counted() == (packed + 5, entries + 5, scans + 5)
            here.store.check()


GROWS = """
import resource, sys
from pathlib import Path
from tests.builders import MUG
from tests.station.store.test_disk import Bench1

here = Bench1(Path(sys.argv[1]))
largest = max(one.stat().st_size for one in Path(sys.argv[1]).parent.glob("bench.db*"))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 400_000, hard))
taken = here.scan_until_refused()
packed, entries, scans = here.counted()
assert packed == entries == taken + 1, (packed, entries, taken)
for _ in range(3):
    here.bench.scan(MUG, "hand")
    assert here.refused
assert here.counted() == (packed, entries, scans)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
for _ in range(5):
    here.bench.scan(MUG, "hand")
    assert not here.refused
assert here.counted() == (packed + 5, entries + 5, scans + 5)
here.store.check()
here.store.close()
sys.stdout.write(str(taken))
"""
"""In a process of its own: a limit of the kernel's is its whole process's."""


def test_a_file_that_may_not_grow_refuses_scans_and_goes_on(tmp_path: Path) -> None:
    """The kernel's own word (EFBIG, as at a quota), in the middle of a transaction's write."""
    done = subprocess.run(
        [sys.executable, "-c", GROWS, str(tmp_path / "bench.db")],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0


def test_a_disk_that_turns_read_only_refuses_and_loses_nothing(tmp_path: Path) -> None:
    with a_disk(tmp_path / "disk", "16m") as disk:
        file = disk / "bench.db"
        here = Bench1(file)
        here.bench.scan(MUG, "hand")
        counted = here.counted()
        here.store.close()
        remount(disk, "ro")
        with pytest.raises(StoreError, match=r"read-only.*Mount it for writing") as refused:
            Store(file)
        assert str(file) in str(refused.value)
        assert not isinstance(refused.value, Damaged)
        with pytest.raises(StoreError, match="read-only"):
            Store(file, heals=True)
        remount(disk, "rw")
        with closing(Store(file)) as store:
            here.store = store
            assert here.counted() == counted


def test_a_file_that_is_not_ours_is_named_at_the_start(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    Store(tmp_path / "bench.db").close()
    (tmp_path / "bench.db").chmod(0o400)
    with pytest.raises(StoreError, match="give the file back to this user"):
        Store(tmp_path / "bench.db")


def test_a_folder_that_is_not_there_is_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"Does the folder .*nowhere exist"):
        Store(tmp_path / "nowhere" / "bench.db")


def test_a_folder_in_the_place_of_the_file_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "bench.db").mkdir()
    with pytest.raises(StoreError, match=r"bench\.db cannot be opened"):
        Store(tmp_path / "bench.db")


def test_a_file_held_by_another_program_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.01)
    with (
        closing(Store(tmp_path / "bench.db")) as other,
        other.turn(),
        pytest.raises(StoreError, match="held by another program"),
    ):
        Store(tmp_path / "bench.db")


def test_what_a_turn_had_written_before_it_failed_is_gone(tmp_path: Path) -> None:
    here = Bench1(tmp_path / "bench.db")
    with closing(here.store):
        before = here.counted()

        def half() -> None:
            with here.store.turn() as turn:
                journal.write_scan(turn, NOON, "x", "hand", saved(here.bench.session))
                turn.sql.execute(text("INSERT INTO nowhere VALUES (1)"))

        with pytest.raises(StoreError, match="no such table"):
            half()
        assert here.counted() == before
