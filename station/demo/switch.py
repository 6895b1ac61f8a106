"""How is the demo's hub cut, and started again? Killed, as by a pulled plug; back at its port."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence

from station.demo.process import READY_SECONDS, Child, DemoFailed, Household


class HubSwitch:
    """One hub that can be off; its words come from other threads than the loop's."""

    def __init__(
        self,
        household: Household,
        hub: Child,
        argv: Sequence[str],
        environ: Mapping[str, str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """`argv` starts it again where it was."""
        self._household, self._argv, self._environ = household, tuple(argv), dict(environ)
        self._hub: Child | None = hub
        self._loop = loop

    def obey(self, line: str) -> dict[str, object]:
        """Do what `drivers.simulate.control` hears. Raises ValueError with a sentence."""
        match line.strip():
            case "hub cut":
                self._wait(self._cut())
            case "hub start":
                self._wait(self._start())
            case "state":
                pass
            case other:
                raise ValueError(f"the demo knows hub cut, hub start, state; not {other!r}")
        return {"hub": self._hub is not None}

    def _wait(self, doing: Coroutine[None, None, None]) -> None:
        try:
            asyncio.run_coroutine_threadsafe(doing, self._loop).result(2 * READY_SECONDS)
        except DemoFailed as e:
            raise ValueError(str(e)) from e

    async def _cut(self) -> None:
        hub, self._hub = self._hub, None
        if hub is not None:
            await hub.kill()
            self._household.dismiss(hub)

    async def _start(self) -> None:
        if self._hub is None:
            self._hub = await self._household.start("hub", self._argv, self._environ)
