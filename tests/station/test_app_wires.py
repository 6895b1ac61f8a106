"""What comes by a wire, on its way through the app: judged, beeped about, sorted."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from drivers.scanners import Answer
from station.app import Around, BenchApp, GarbledScan, OldScans
from station.input import Scanned
from station.store import schema as t
from tests.builders import MUG, SPOON
from tests.station.test_bench import a_world, counted

Beeps = list[tuple[str, Answer]]
GOOD, BAD, IGNORED = Answer.GOOD, Answer.BAD, Answer.IGNORED
UNKNOWN = "2LGB12345+92000000"
PATIENCE_SECONDS = 30.0


@pytest.mark.asyncio
async def test_every_scan_of_a_wire_is_answered_and_codes_beside_the_right_one_count_nothing() -> (
    None
):
    beeps: Beeps = []
    with a_world() as world:
        app = BenchApp(world.bench, Around(answer=lambda *beep: beeps.append(beep)))
        async with app.run_test() as pilot:

            async def until(count: int) -> Beeps:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while len(beeps) < count:
                        await pilot.pause(0.01)
                taken = beeps[:]
                beeps.clear()
                return taken

            async def scan(text: str, at: float) -> Beeps:
                app.post_message(Scanned(text, "hand", at))
                return await until(1)

            assert await scan("PKUSRANNA", 1.0) == [("hand", GOOD)]
            assert await scan("PKORD20200000030000001", 2.0) == [("hand", GOOD)]
            assert await scan("PKORD20200000030000001", 2.4) == [("hand", IGNORED)]
            for n, text in enumerate((UNKNOWN, SPOON, MUG)):
                app.post_message(Scanned(text, "hand", 3.0 + n / 1000))
            assert await until(3) == [("hand", IGNORED), ("hand", GOOD), ("hand", IGNORED)]
            assert counted(world) == {1: 0, 2: 0, 3: 1}
            assert not app.bench.session.latched
            with world.store.turn() as turn:
                kept = turn.sql.execute(select(t.scans.c.text)).scalars().all()
            assert kept[-3:] == [UNKNOWN, SPOON, MUG]
            assert await scan(UNKNOWN, 4.0) == [("hand", BAD)]
            app.post_message(Scanned("PKCMDACK", "hand", 5.0))
            await until(1)
            app.post_message(GarbledScan("40063", "hand"))
            assert await until(1) == [("hand", BAD)]
            app.post_message(OldScans([SPOON, SPOON], "hand"))
            assert await until(1) == [("hand", IGNORED)]
            assert counted(world) == {1: 0, 2: 0, 3: 1}
