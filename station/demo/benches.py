"""What stands on one bench of the demo: printer, scanner, scale, settings, and the bench itself."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from station.demo.around import Around
from station.demo.plan import Plan
from station.demo.process import Child, Household

PACKBENCH = (sys.executable, "-m", "station.cli")
ROLL = 40
"""Labels on a roll: some benches run out of paper while one watches."""
REFILL_SECONDS = 1.5
LABEL_MS = 60.0
"""How long a virtual printer takes for a label: a third of a real one."""
LONGEST_SOCKET = 103
"""Bytes in the path of a socket that every system takes (sockaddr_un: 104 on macOS)."""
WATCHED_LABEL_MS = 600.0
"""The same where a person packs: long enough to kill the bench in the middle of one."""
SETTLE_SECONDS = 0.2
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_DISABLE_KITTY_KEY": "1"}
"""What a bench is told of the terminal that nobody looks at."""
_SETTINGS = """\
language = "{language}"

[scanners.hand]
url = "{scanner}"

[scales.bench]
url = "{scale}"
protocol = "mt-sics"

[printers.labels]
url = "{printer}"
prints = ["label", "paper"]

[screen]
sound = "{sound}"

[work]
slip = true
shop = "The Shop on the Corner"
"""


@dataclass(frozen=True, slots=True)
class Place:
    """One bench of the demo and its folder."""

    name: str
    badge: str
    home: Path
    number: int

    @property
    def record(self) -> Path:
        """Where its printer keeps what came out."""
        return self.home / "printed"

    @property
    def around(self) -> Path:
        """The file that tells the hook what stands around the bench."""
        return self.home / "around.json"

    @property
    def timings(self) -> Path:
        """Where the bench writes how long things took."""
        return self.home / "timings.jsonl"

    @property
    def fell(self) -> Path:
        """Why the hands of this bench stopped; there only if they did."""
        return self.home / "hands.log"

    @property
    def store(self) -> Path:
        """The bench's own file."""
        return self.home / "bench.db"

    def control(self, device: str) -> str:
        """Return the control address of a device."""
        path = self.home / f"{device}.control"
        if len(os.fsencode(path.absolute())) > LONGEST_SOCKET:
            name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:20]
            path = Path(tempfile.gettempdir()) / f"packbench-{name}"
        return f"unix://{path}"


async def furnish(household: Household, plan: Plan, place: Place, world: str = "") -> None:
    """Start the devices of a bench and write its settings. Raises DemoFailed."""
    place.home.mkdir(parents=True)
    scanner, scale = place.home / "scanner", place.home / "scale"
    printer, *_ = await asyncio.gather(
        household.start(f"{place.name}-printer", _printer(plan, place)),
        household.start(f"{place.name}-scanner", _device(place, "scanner", "--link", str(scanner))),
        household.start(
            f"{place.name}-scale",
            _device(place, "scale", "--link", str(scale), "--settle-seconds", str(SETTLE_SECONDS)),
        ),
    )
    sound = "none" if plan.headless else "bell"
    (place.home / "station.toml").write_text(
        _SETTINGS.format(
            language=plan.language,
            scanner=f"serial://{scanner}",
            scale=f"serial://{scale}",
            printer=printer.ready["url"],
            sound=sound,
        ),
        "utf-8",
    )
    here = _watched(plan, place)
    around = Around(
        scanner=place.control("scanner"),
        scale=place.control("scale"),
        printer=place.control("label-printer"),
        record=str(place.record),
        world=world,
        badge=place.badge,
        seed=plan.seed + place.number,
        hands="keys" if here else "robot",
    )
    place.around.write_bytes(msgspec.json.encode(around))


def _watched(plan: Plan, place: Place) -> bool:
    """Whether a person packs at that bench."""
    return not plan.headless and place.number == 0


def _printer(plan: Plan, place: Place) -> list[str]:
    if _watched(plan, place):
        # Whoever packs here takes the paper out and puts it back; a label can be seen coming.
        roll, milliseconds = [], WATCHED_LABEL_MS
    else:
        roll = ["--media", str(ROLL), "--refill-after", str(REFILL_SECONDS)]
        milliseconds = LABEL_MS
    return _device(
        place,
        "label-printer",
        *("--listen", "tcp://127.0.0.1:0", "--record", str(place.record)),
        *roll,
        *("--ms-per-label", str(milliseconds)),
    )


def _device(place: Place, kind: str, *words: str) -> list[str]:
    return [*PACKBENCH, "device", "simulate", kind, "--control", place.control(kind), *words]


async def enrol(household: Household, place: Place, hub: str, code: str) -> None:
    """Join the bench to the hub. Raises DemoFailed."""
    await household.run(
        f"{place.name}-enrol", [*PACKBENCH, "enrol", hub, code], _environ(place, {})
    )


async def open_bench(household: Household, plan: Plan, place: Place) -> Child:
    """Start the bench: here, if it is the packer's own, else where nobody looks."""
    argv = [*PACKBENCH, "bench", "--robot", str(place.around)]
    if plan.headless or place.number:
        return await household.start_in_terminal(place.name, argv, _environ(place, TERMINAL))
    return await household.start_here(place.name, argv, _environ(place, {}))


def _environ(place: Place, more: Mapping[str, str]) -> dict[str, str]:
    return {"PACKBENCH_HOME": str(place.home), **more}


def inherited() -> dict[str, str]:
    """Return the environment for every process of the demo: ours, without what is a bench's."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PACKBENCH_")}
    return ours | {"PYTHONUNBUFFERED": "1"}
