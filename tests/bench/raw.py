"""How fast is SQLite itself? The product's own connection, without anything above the driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from station.store.engine import open_file

Execute = Callable[..., Any]
"""SQL and its values; what comes back is the driver's own."""


@contextmanager
def sqlite(path: Path) -> Iterator[Execute]:
    """Open a file as the bench's scans open theirs: the same SQLite, the same settings."""
    engine = open_file(path, synchronous="FULL")
    try:
        connection = engine.raw_connection()
        # Any: the driver has no types.
        driver: Any = connection.driver_connection
        yield driver.execute
        connection.close()
    finally:
        engine.dispose()
