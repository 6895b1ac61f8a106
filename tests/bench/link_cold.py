"""How long does a bench without anything take to have a full queue? Beside a PouchDB replica.

A hub has very many orders for one bench, which begins at 0: two processes of the product over
loopback HTTP. The peer gets the same documents: PouchDB replicates them from a server of its own
kind into a fresh LevelDB (`pouch/`, by npm). They take turns in one run. The floor is copying the
file that the bench has at the end.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

import msgspec

from station.config import DATABASE
from sync.hub import feed, vault
from sync.hub.book import Book
from sync.hub.engine import Store, upsert
from sync.hub.schema import blob
from sync.protocol import bench_end, cursor
from tests.bench import full_book, link_place
from tests.bench import orders as baskets
from tests.bench.figure import PYTHON, Figure, Lab, Missing, Result, load, ratio

NAME = "link.cold_bench_vs_couch"
FEW, MANY = 10_000, 50_000
GOAL = round(1 / 6, 3)
BENCH = "b0"
PACKAGES = ("pouchdb@9", "express-pouchdb@4", "express@4")
SCRIPTS = Path(__file__).parent / "pouch"
BATCH = 1_000
"""Documents that a replica asks for at once: faster than the usual 100."""
INSTALL_SECONDS = 120.0


class Replicated(msgspec.Struct, frozen=True):
    """What a replica says of itself."""

    documents: int
    seconds: float
    bytes: int


def measure(lab: Lab) -> Iterable[Result]:
    """Let both catch up in turns. Raises Missing."""
    count, rounds = lab.rounds(FEW, MANY), lab.rounds(2, 3)
    node = _node(lab)
    key, database = lab.folder / "hub.key", f"sqlite:///{lab.folder / 'hub.db'}"
    os.umask(0o077)  # a hub refuses books that others may read
    lab.say(f"{NAME}: {count} orders", 0, rounds)
    ours: list[float] = []
    theirs: list[Replicated] = []
    with contextlib.closing(full_book.make(database, key, count, 1, count)) as store:
        bytes_ = _documents(store, Book(vault.at(key)), lab.folder / "documents.jsonl")
        _labels(store, vault.at(key))
        with contextlib.ExitStack() as stack:
            url = stack.enter_context(link_place.hub(lab.folder, database))
            couch = stack.enter_context(_couch(lab, node, count))
            for at in range(rounds):
                ours.append(_cold(lab, store, url, at, count))
                theirs.append(_replica(lab, node, couch, at, count))
                lab.say(f"{NAME}: {count} orders", at + 1, rounds)
    seconds, peer = median(ours), median(one.seconds for one in theirs)
    copied, size = _copied(lab.folder / "home0" / DATABASE)
    value = round(seconds / peer, 3)
    yield Result(
        name=NAME,
        value=value,
        unit="x time",
        goal=GOAL,
        met=value <= GOAL,
        baseline="a fresh PouchDB replica of the same documents",
        beside={
            "times_faster": ratio(peer, seconds),
            "orders": count,
            "seconds": round(seconds, 2),
            "orders_per_s": round(count / seconds),
            "megabytes": round(bytes_ / 1e6, 1),
            "couch_seconds": round(peer, 2),
            "couch_documents_per_s": round(count / peer),
            "couch_megabytes_compressed": round(theirs[0].bytes / 1e6, 1),
            "floor_copy_seconds": round(copied, 2),
            "file_megabytes": round(size / 1e6, 1),
            "load": load(),
        },
    )


def _cold(lab: Lab, store: Store, url: str, at: int, count: int) -> float:
    """Let a new bench catch up; give the seconds."""
    folder = lab.folder / f"home{at}"
    link_place.enrol(store, folder / BENCH, BENCH)
    words = [PYTHON, "-m", "tests.bench.link_benches", str(folder), url, BENCH]
    with link_place.process(words, {}, lab.folder / "bench.log") as running:
        line = link_place.heard(running)
        if not line:
            raise Missing("the bench does not start")
        link_place.say(running, "0")
        link_place.heard(running)
        running.wait()
    shutil.move(folder / BENCH / DATABASE, folder / DATABASE)
    return float(line)


def _documents(store: Store, book: Book, path: Path) -> int:
    """Write the orders as a CouchDB has documents; give how many bytes the feed is."""
    size, after = 0, cursor.START
    with path.open("wb") as file, store.read() as connection:
        while True:
            page = feed.fed(connection, book, BENCH, after, bench_end.PAGE_ROWS, time.time())
            assert isinstance(page, feed.Fed)
            size += len(msgspec.json.encode(page))
            for change in page.changes:
                order = msgspec.json.decode(msgspec.json.encode(change.order))
                order["_id"] = order.pop("id")
                file.write(msgspec.json.encode(order) + b"\n")
            after = cursor.read(page.next)
            if page.next == page.head:
                return size


def _labels(store: Store, safe: vault.Vault) -> None:
    """Give the hub the bytes that the orders name: a bench would ask for them again and again."""
    rows = []
    for order, data in baskets.orders(full_book.TEMPLATES):
        name = hashlib.sha256(data).hexdigest()
        sealed = safe.seal(data, f"blob {name}")
        rows.append({"sha256": name, "order_id": order.id, "sealed": sealed, "stored_at": 0.0})
    with store.write() as connection:
        upsert(connection, blob, rows, "sha256")


def _copied(path: Path) -> tuple[float, int]:
    """Copy a file to the disk; give the seconds and how large it is."""
    began = time.perf_counter()
    with path.open("rb") as there, path.with_suffix(".copy").open("wb") as here:
        shutil.copyfileobj(there, here, 1 << 20)
        here.flush()
        os.fsync(here.fileno())
    return time.perf_counter() - began, path.stat().st_size


# -- the peer


def _node(lab: Lab) -> Path:
    """Give a folder with the scripts and what they need, installed once. Raises Missing."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise Missing("node and npm are not installed")
    folder = lab.cache / "pouch"
    if not (folder / "ready").exists():
        folder.mkdir(exist_ok=True)
        lab.say(f"{NAME}: npm install", 0, 1)
        words = ["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES]
        try:
            subprocess.run(
                words, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS
            )
        except (subprocess.SubprocessError, OSError) as e:
            raise Missing(f"npm does not install {PACKAGES[0]}: {type(e).__name__}") from e
        (folder / "ready").touch()
    for script in SCRIPTS.glob("*.js"):
        shutil.copyfile(script, folder / script.name)
    return folder


@contextlib.contextmanager
def _couch(lab: Lab, node: Path, count: int) -> Iterator[str]:
    """Serve a database with the documents; gives its URL."""
    folder = lab.folder / "couch"
    folder.mkdir()
    words = ["node", str(node / "server.js"), str(folder)]
    with link_place.process(words, {}, lab.folder / "couch.log") as serving:
        url = f"http://127.0.0.1:{link_place.heard(serving)}/orders"
        load = ["node", str(node / "load.js"), url, str(lab.folder / "documents.jsonl")]
        loaded = subprocess.run(load, capture_output=True, text=True, check=False)
        if loaded.stdout.strip() != str(count):
            raise Missing(f"PouchDB does not take the documents: {loaded.stderr[-200:]}")
        yield url


def _replica(lab: Lab, node: Path, url: str, at: int, count: int) -> Replicated:
    folder = lab.folder / f"replica{at}"
    folder.mkdir()
    words = ["node", str(node / "replica.js"), url, str(folder), str(BATCH)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(f"PouchDB does not replicate: {done.stderr[-200:]}")
    found = msgspec.json.decode(done.stdout, type=Replicated)
    assert found.documents == count, found
    return found


FIGURE = Figure({NAME: ("x time", GOAL)}, measure)
