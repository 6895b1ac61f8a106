"""Does a power cut break a promise? Images of a bench's file, each opened by the real store."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import msgspec
from sqlalchemy import text

from station.store import journal
from station.store.store import Store, StoreError
from sync.orders import Entry, facts
from sync.protocol import chain, cursor
from tests.torture import rig
from tests.torture.power_loss import images, recorder
from tests.torture.power_loss.images import Image
from tests.torture.power_loss.recorder import Missing
from tests.torture.rig import Broken, Tally

ROOT = Path(__file__).resolve().parents[3]
IMAGES, ROUNDS = 2_000, 600
_MOST_SECONDS = 120.0


def main(argv: Sequence[str]) -> int:
    """Run it; 0 when nothing broke, 2 where it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture power-loss", description=__doc__)
    parser.add_argument("--images", type=int, default=IMAGES, help=f"how many (usual: {IMAGES})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of work (usual: {ROUNDS})")
    parser.add_argument("--seed", type=int, default=1)
    ways = ("", "OFF", "NORMAL", "FULL")
    parser.add_argument(
        "--synchronous", default="", choices=ways, help="for all connections; OFF must lose scans"
    )
    args = parser.parse_args(argv)
    try:
        tally = run(args.images, args.rounds, args.seed, args.synchronous)
    except Missing as e:
        sys.stderr.write(f"power-loss cannot run here: {e}\n")
        return 2
    sys.stdout.write(f"{rig.table([tally])}\nwritten to {rig.write(ROOT, [tally]).name}\n")
    return 1 if tally.broken else 0


def run(count: int, rounds: int, seed: int, synchronous: str = "") -> Tally:
    """Record a bench at work, and cut its power so often. Raises Missing."""
    tally = Tally(rig=f"power-loss, seed {seed}", steps=count, seeds=1)
    began, faults, done = time.process_time(), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="packbench-power-") as place:
        folder, record = Path(place) / "disk", Path(place) / "record"
        folder.mkdir()
        _work(folder, record, rounds, seed, synchronous)
        again = f"python -m tests.torture power-loss --seed {seed} --images {count}"
        again += f" --rounds {rounds}" + (f" --synchronous {synchronous}" if synchronous else "")
        for image in images.images(images.read(record), count, Random(seed)):
            faults[image.left.value] += 1
            for invariant, what in _look(image, Path(place) / "image", done):
                where = f"after record {image.at}, {image.left.value}: {what}"
                tally.broken.append(Broken(invariant=invariant, what=where, replay=again))
    tally.seconds = time.process_time() - began
    tally.faults, tally.done = dict(faults), dict(done)
    return tally


def _work(folder: Path, record: Path, rounds: int, seed: int, synchronous: str) -> None:
    command = [sys.executable, "-m", "tests.torture.power_loss.work"]
    command += [str(folder), str(rounds), str(seed), synchronous or "-"]
    env = recorder.environment(folder, record)
    done = subprocess.run(
        command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=_MOST_SECONDS
    )
    if done.returncode:
        raise RuntimeError(f"the bench did not work: {done.stderr[-2000:]}")


def _look(image: Image, folder: Path, done: Counter[str]) -> list[tuple[str, str]]:
    """Open an image; say which promises it breaks."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in image.files.items():
        if not name.endswith("-shm"):
            (folder / name).write_bytes(data)
    try:
        with closing(Store(folder / "bench.db")) as store:
            return _promises(store, image, done)
    except StoreError as e:
        return [("the file opens", str(e))]


def _promises(store: Store, image: Image, done: Counter[str]) -> list[tuple[str, str]]:
    broken: list[tuple[str, str]] = []
    with store.turn() as turn:
        whole = turn.sql.execute(text("PRAGMA integrity_check")).scalar()
        if whole != "ok":  # nothing that is read from it says anything
            return [("the file is whole", str(whole))]
        entries = turn.sql.execute(text("SELECT seq, body, hash FROM entries ORDER BY seq")).all()
        fed = cursor.read(turn.get("cursor", "0.0")).seq
        queued = turn.sql.execute(text("SELECT count(*) FROM shipments")).scalar_one()
        last, link = journal.base(turn)
        order = turn.order("amazon-uk:202-0000000-1")
        acked = int(turn.get("acked", "0"))
    packed = 0
    for seq, body, hash in entries:
        entry = msgspec.json.decode(body, type=Entry)
        link = chain.link(link, last + 1, entry)
        if (seq, hash) != (last + 1, link):
            broken.append(("entries hang together", f"entry {seq} does not join {last}"))
            break
        last = seq
        packed += isinstance(entry.fact, facts.ItemPacked)
    here = sum(one.quantity for one in order.shipments[0].parcels[0].packed) if order else 0
    if here <= image.scans:  # the one that opened the order came before
        broken.append(("no accepted scan is lost", f"{image.scans} accepted, {here} there"))
    if packed and here < packed:
        broken.append(("order and journal agree", f"{packed} in the journal, {here} in the order"))
    if acked > last:
        broken.append(("only what is kept is acknowledged", f"{acked} of {last}"))
    if fed != queued:
        broken.append(("cursor and rows agree", f"cursor {fed}, {queued} rows"))
    done["scans kept"] += here
    done["images that read the feed again"] += fed < image.fed
    return broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
