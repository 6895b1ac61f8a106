"""What can be broken in the demo, and mended again? A menu, and a thread that does it.

Printer and hub are real processes: what is broken here is broken on the wire. The bench that is
killed is this very process: it waits until the printer is in the middle of a label, and then
there is no time left for anything.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable

from station.demo import words
from station.demo.around import Around
from station.demo.device import Device
from station.prompt import Entry, Key, Page

THINGS = ("paper", "cable", "lid", "kill", "hub")
"""In the order of the menu."""
_PRINTER_WORDS = {
    ("paper", False): "fault paper-out",
    ("paper", True): "media",
    ("cable", False): "unplug",
    ("cable", True): "plug",
    ("lid", False): "fault head-open",
    ("lid", True): "clear",
}
"""What the virtual printer is told, by thing and by whether it is broken already."""
WATCH_SECONDS = 0.005
"""How often the printer is asked whether it has a label, when the bench is to die of the next."""
_LOOK, _END = "look", ""


class Breaking:
    """What `over.Leaf` promises, and the thread behind it."""

    closes = frozenset({"f2", words.BREAK_KEY})

    def __init__(
        self,
        around: Around,
        repaint: Callable[[], None],
        die: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGKILL),
    ) -> None:
        """`repaint` is called when something has been broken; `die` ends this process at once."""
        self._printer, self._world = Device(around.printer), Device(around.world)
        self._things = THINGS if around.world else THINGS[:-1]
        self._repaint, self._die = repaint, die
        self._asked: queue.Queue[str] = queue.Queue()
        self._broken: dict[str, bool] = dict.fromkeys(THINGS, False)
        self._chosen = 0
        self._doing = ""
        self._failed = ""
        self._thread = threading.Thread(target=self._run, name="breaking", daemon=True)

    def look(self) -> None:
        """Look how things are now; the first look starts the thread."""
        if self._thread.ident is None:
            self._thread.start()
        self._asked.put(_LOOK)

    def close(self) -> None:
        """Break nothing any more."""
        if self._thread.is_alive():
            self._asked.put(_END)
            self._thread.join()

    def page(self, language: str) -> Page:
        """Return the menu as things are now."""
        said = ""
        if self._doing:
            said = words.breaking(language, "wait")
        elif self._failed:
            said = words.breaking(language, "failed").format(self._failed)
        return Page(
            title=words.breaking(language, "title"),
            entries=tuple(self._entry(thing, language) for thing in self._things),
            chosen=self._chosen,
            notice=said,
            instruction=words.breaking(language, "choose"),
            keys=(
                Key("enter", words.breaking(language, "do")),
                Key("f2", words.breaking(language, "back")),
            ),
        )

    def pressed(self, key: str) -> bool:
        """Choose, or break and mend the chosen one."""
        if key in ("up", "down"):
            step = 1 if key == "down" else -1
            self._chosen = (self._chosen + step) % len(self._things)
            return True
        if key == "enter":
            self._doing = thing = self._things[self._chosen]
            self._asked.put(thing)
            return True
        return False

    def _entry(self, thing: str, language: str) -> Entry:
        broken = self._broken[thing]
        return Entry(
            what=words.breaking(language, f"{thing}.mend" if broken else thing),
            state="bad" if broken else "ok",
            last=words.breaking(language, f"{thing}.is") if broken else "",
        )

    # -- the thread

    def _run(self) -> None:
        while (thing := self._next()) != _END:
            try:
                if thing:
                    self._do(thing)
                self._see()
                self._failed = ""
            except (OSError, KeyError, ValueError) as e:
                self._failed = str(e)
            self._doing = ""
            self._repaint()
        self._printer.close()
        self._world.close()

    def _next(self) -> str:
        """Wait for what is asked; meanwhile, if the bench is to die of a label, wait for that."""
        while self._broken["kill"]:
            try:
                return self._asked.get(timeout=WATCH_SECONDS)
            except queue.Empty:
                if self._printing():
                    self._die()
                    self._broken["kill"] = False
        return self._asked.get()

    def _printing(self) -> bool:
        try:
            return bool(self._printer.tell("state")["queued"])
        except OSError:
            return False

    def _do(self, thing: str) -> None:
        broken = self._broken.get(thing, False)
        if thing == _LOOK:
            return
        if thing == "kill":
            self._broken["kill"] = not broken
        elif thing == "hub":
            _told(self._world, "hub start" if broken else "hub cut")
        else:
            _told(self._printer, _PRINTER_WORDS[thing, broken])

    def _see(self) -> None:
        state = self._printer.tell("state")
        self._broken["paper"] = bool(state["paper_out"])
        self._broken["lid"] = bool(state["head_open"])
        self._broken["cable"] = bool(state["unplugged"])
        if "hub" in self._things:
            self._broken["hub"] = not _told(self._world, "state")["hub"]


def _told(device: Device, line: str) -> dict[str, object]:
    """Say a line and return the answer. Raises ValueError with the device's own sentence."""
    answer = device.tell(line)
    if not answer["ok"]:
        raise ValueError(str(answer["error"]))
    return answer
