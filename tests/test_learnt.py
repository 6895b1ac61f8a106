"""Does msgspec know every struct before two threads read one at once? See sync.orders.learn."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOOK = """
import gc, importlib, pkgutil, sys
import msgspec

ALONE = {
    # Read by one thread, in a process that does little else, or never read at all.
    "station.config", "station.device_cli", "station.doctor", "station.spool.ledger",
    "sync.hub.feed", "sync.orders.facts.base", "sync.protocol.reading", "sync.simulate.baskets",
    "sync.simulate.goods",
    "sync.simulate.people", "sync.simulate.carrier.tariff",
}

def kinds(of):
    for one in of.__subclasses__():
        yield one
        yield from kinds(one)

def known(kind):
    return any(type(one).__name__ == "StructInfo" for one in gc.get_referents(kind))

unlearnt = set()
for root in sys.argv[1:]:
    package = importlib.import_module(root)
    for found in pkgutil.walk_packages(package.__path__, f"{root}."):
        if found.name.endswith("__main__") or ".migrations" in found.name:
            continue
        importlib.import_module(found.name)
        # Each module must have taught its own by its end, not whoever comes later.
        for kind in set(kinds(msgspec.Struct)):
            here = kind.__module__
            if here.startswith(root) and here not in ALONE and ".demo." not in here:
                if not kind.__subclasses__() and not known(kind):
                    unlearnt.add(f"{here}.{kind.__name__}")
print(*sorted(unlearnt), sep="\\n")
"""


@pytest.mark.parametrize("root", ["sync", "station"])
def test_every_struct_is_learnt_where_it_is_defined(root: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, root], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_eight_threads_that_read_their_first_page_at_once_live() -> None:
    """Without its lesson, four processes in five die of this."""
    said = (
        "import sys, threading; sys.setswitchinterval(1e-6);"
        "from sync.protocol import messages; import msgspec;"
        'body = b\'{"after":"0.0","next":"0.0","head":"0.0",'
        '"server_time":"2026-01-01T00:00:00Z"}\';'
        "read = lambda: msgspec.json.decode(body, type=messages.Page);"
        "threads = [threading.Thread(target=read) for _ in range(8)];"
        "[one.start() for one in threads]; [one.join() for one in threads]"
    )
    for _ in range(5):
        subprocess.run([sys.executable, "-c", said], check=True)
