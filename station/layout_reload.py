"""How does an edited layout reach the bench without ever breaking it?

A watched folder of a person's own layouts lies over ours. A save is waited out (editors write in
several steps), compiled, drawn with its sample, and only then swapped in; what cannot be drawn
leaves the last good layout where it is and its sentence in `troubles`, for the lamp. What was good
is also kept on disk, in a folder within that one: a bench that is started again over a broken edit
prints as it did the day before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

import layouts
from layouts import Layout, LayoutError

LAST_GOOD = ".last-good"
"""In the watched folder: of each layout, the text that was drawn last."""

DEBOUNCE_SECONDS = 0.2
"""An editor's save is up to five events within some tens of milliseconds."""

# Reading a file is an event as well ("opened", "closed_no_write"): a handler that reads on every
# event would wake itself for ever.
_CHANGES = frozenset(("created", "modified", "moved", "deleted", "closed"))


class LayoutShelf:
    """The layouts of now. Reading it is one look at an immutable mapping, from any thread."""

    def __init__(
        self, folder: Path | None, changed: Callable[[str], None] = lambda name: None
    ) -> None:
        """Load ours, and over them the folder's.

        `changed` is called with a layout's name, on the watching thread, whenever its file has
        been looked at: taken or refused.
        """
        self._folder = folder
        self._changed = changed
        self._ours = layouts.load_builtin()
        self._one_at_a_time = threading.Lock()
        self._layouts: Mapping[str, Layout] = MappingProxyType(dict(self._ours))
        self._troubles: Mapping[str, str] = MappingProxyType({})
        for path in sorted(folder.glob("*.toml")) if folder and folder.is_dir() else ():
            self._take(path)

    @property
    def layouts(self) -> Mapping[str, Layout]:
        """By name; every one has been drawn once."""
        return self._layouts

    @property
    def troubles(self) -> Mapping[str, str]:
        """By file name: why its last edit was refused."""
        return self._troubles

    def look_again(self, path: Path) -> None:
        """Take what a file says now, or keep what it said before and remember why."""
        with self._one_at_a_time:  # two files saved together are looked at by two threads
            self._take(path)
        self._changed(path.stem)

    def _take(self, path: Path) -> None:
        held, troubles = dict(self._layouts), dict(self._troubles)
        troubles.pop(path.name, None)
        kept = path.parent / LAST_GOOD / path.name
        if path.exists():
            try:
                held[path.stem] = layouts.load_file(path)
                _keep(path, kept)
            except LayoutError as error:
                troubles[path.name] = f"{error}. The layout before this edit stays in use."
                if held.get(path.stem) is self._ours.get(path.stem) and kept.exists():
                    with suppress(LayoutError):  # kept by an older program, which knew it
                        held[path.stem] = layouts.load_file(kept)
        else:
            held.pop(path.stem, None)
            kept.unlink(missing_ok=True)
            if path.stem in self._ours:
                held[path.stem] = self._ours[path.stem]
        self._layouts, self._troubles = MappingProxyType(held), MappingProxyType(troubles)


def _keep(path: Path, kept: Path) -> None:
    """Remember what could be drawn. A folder that cannot be written to is read all the same."""
    with suppress(OSError):
        kept.parent.mkdir(exist_ok=True)
        beside = kept.with_suffix(".new")
        beside.write_bytes(path.read_bytes())
        beside.replace(kept)


class LayoutWatch:
    """Watches a folder for a shelf until it is stopped."""

    def __init__(self, shelf: LayoutShelf, folder: Path, *, polling: bool = False) -> None:
        """Start watching; polling is for network folders, which send no events."""
        self._shelf = shelf
        self._waiting: dict[Path, threading.Timer] = {}
        self._lock = threading.Lock()
        self._stopped = False
        self._observer: BaseObserver = PollingObserver(timeout=0.5) if polling else Observer()
        self._observer.schedule(_Saves(self._touched), str(folder))
        self._observer.start()
        for path in sorted(folder.glob("*.toml")):  # what was saved since the shelf was filled
            self._touched(path)

    def stop(self) -> None:
        """Stop watching; an edit that was being waited out is left for the next start."""
        with self._lock:
            self._stopped = True
            waiting = list(self._waiting.values())
            self._waiting.clear()
        for timer in waiting:
            timer.cancel()
            timer.join()
        self._observer.stop()
        self._observer.join()

    def _touched(self, path: Path) -> None:
        with self._lock:
            if self._stopped:
                return
            if path in self._waiting:
                self._waiting[path].cancel()
            timer = threading.Timer(DEBOUNCE_SECONDS, self._quiet, (path,))
            timer.daemon = True
            self._waiting[path] = timer
            timer.start()

    def _quiet(self, path: Path) -> None:
        with self._lock:
            if self._waiting.get(path) is not threading.current_thread():
                return  # another save came while this timer was already running
            del self._waiting[path]
        self._shelf.look_again(path)


class _Saves(FileSystemEventHandler):
    """Turns watchdog's events into paths of layout files."""

    def __init__(self, touched: Callable[[Path], None]) -> None:
        self._touched = touched

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass on what may have changed a layout; an atomic save is a move onto its name."""
        if event.is_directory or event.event_type not in _CHANGES:
            return
        for side in (event.src_path, event.dest_path):
            path = Path(side if isinstance(side, str) else side.decode())
            if path.suffix == ".toml" and not path.name.startswith("."):
                self._touched(path)
