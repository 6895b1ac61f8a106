"""How is `disk.c` made and loaded? Compiled once a text; Missing where there is no compiler."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("disk.c")


class Missing(Exception):
    """The recorder cannot be made on this machine; says why."""


def library() -> Path:
    """Give the compiled library. Raises Missing."""
    if not sys.platform.startswith("linux"):
        raise Missing("writes are recorded by LD_PRELOAD, which is Linux's")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Missing("there is no C compiler (cc or gcc)")
    folder = Path(tempfile.gettempdir()) / f"packbench-disk-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    made = folder / f"{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}.so"
    if not made.exists():
        making = made.with_suffix(f".{os.getpid()}")
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(making), str(SOURCE), "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Missing(f"{compiler} does not compile it: {done.stderr.strip()}")
        making.replace(made)
    return made


def environment(
    folder: Path, record: Path | None = None, slow_ms: float = 0.0
) -> Mapping[str, str]:
    """Give what a process is started with so that its files in that folder are watched."""
    env = {"LD_PRELOAD": str(library()), "DISK_FOLDER": str(folder)}
    if record is not None:
        env["DISK_RECORD"] = str(record)
    if slow_ms:
        env["DISK_SYNC_MS"] = str(slow_ms)
    return os.environ | env


def syncs() -> int:
    """How many syncs this process has made so far; it was started with `environment`."""
    return int(ctypes.CDLL(None).disk_syncs())
