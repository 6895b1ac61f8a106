import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from station.demo import guard, process
from station.demo.process import DemoFailed, Household

READY = "print('{\"ready\": true}', flush=True)"
SLEEP = "import time; time.sleep(600)"
DEADLINE = 60.0


@pytest.fixture
async def household(tmp_path: Path) -> AsyncIterator[Household]:
    home = Household(tmp_path / "logs", os.environ)
    yield home
    await home.close()


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def ended(pid: int) -> bool:
    deadline = time.monotonic() + DEADLINE
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


async def test_a_process_is_ready_when_it_has_said_its_first_line(household: Household) -> None:
    child = await household.start("one", python(f"{READY}\nprint('more', flush=True)\n{SLEEP}"))
    assert child.ready == {"ready": True}
    assert child.running


async def test_a_process_that_dies_at_once_is_named_with_its_last_words(
    household: Household,
) -> None:
    with pytest.raises(DemoFailed, match=r"scale did not start: no such port"):
        await household.start("scale", python("raise SystemExit('no such port')"))


async def test_what_a_finished_command_said_is_returned(household: Household) -> None:
    echo = python("import sys; print(sys.stdin.read() + '!')")
    assert await household.run("echo", echo, given=b"hi") == "hi!\n"


async def test_a_command_that_fails_is_named_with_its_last_words(household: Household) -> None:
    with pytest.raises(DemoFailed, match="no channel"):
        await household.run("hub", python("raise SystemExit('no channel of that name')"))


async def test_everything_is_ended_when_the_household_closes(tmp_path: Path) -> None:
    home = Household(tmp_path / "logs", os.environ)
    children = [await home.start(name, python(f"{READY}\n{SLEEP}")) for name in ("a", "b")]
    await home.close()
    assert not any(alive(child.pid) for child in children)


async def test_who_does_not_end_kindly_is_ended(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STOP_SECONDS", 0.2)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    child = await household.start("deaf", python(f"{deaf}\n{READY}\n{SLEEP}"))
    await child.stop()
    assert child.process.returncode == -signal.SIGKILL


async def test_a_bench_gets_a_terminal_that_never_fills_up(household: Household) -> None:
    program = (
        "import os, sys\n"
        "assert sys.stdin.isatty() and sys.stdout.isatty()\n"
        "assert os.get_terminal_size() == (132, 36)\n"
        "sys.stdout.write('x' * 1_000_000 + os.environ['WHO'])\n"
    )
    child = await household.start_in_terminal("bench", python(program), {"WHO": "me"})
    assert await asyncio.wait_for(household.reap(child), DEADLINE) == 0
    assert child.seen.endswith(b"me")


def test_nothing_stays_behind_when_the_demo_itself_is_killed(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, sys, time\n"
        "from pathlib import Path\n"
        "from station.demo.process import Household\n"
        "async def main():\n"
        f"    home = Household(Path({str(tmp_path)!r}), os.environ)\n"
        f"    child = await home.start('one', [sys.executable, '-c', {f'{READY}; {SLEEP}'!r}])\n"
        "    print(child.pid, flush=True)\n"
        "    time.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as demo:
        assert demo.stdout is not None
        pid = int(demo.stdout.readline())
        assert alive(pid)
        demo.kill()
    try:
        assert ended(pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_the_guard_ends_who_is_left_and_nobody_else() -> None:
    with (
        subprocess.Popen(python(SLEEP)) as left,
        subprocess.Popen(python(SLEEP)) as told_off,
    ):
        lines = f"+{left.pid}\n+{told_off.pid}\n-{told_off.pid}\n"
        subprocess.run(
            [sys.executable, "-I", "-S", guard.__file__],
            input=lines,
            text=True,
            check=True,
            timeout=DEADLINE,
        )
        assert left.wait(DEADLINE) == -signal.SIGTERM
        assert told_off.poll() is None
        told_off.kill()
