"""A wire that misbehaves: between a bench and its hub, by chance, from a seed.

A connection goes well, is cut before or after its bytes went on, stalls, is swallowed (nothing
comes back and nothing is closed), or has a byte of it changed. What is done to a connection is
decided when it is made: its number and the seed are its fate. The far side may also vanish as a
host does that lost its power, and answers may be held back until they are whole.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

CHUNK = 16_384
LOOK_SECONDS = 0.2
"""How often the pump looks whether it is to end, and whether a stall is over."""


@dataclass(frozen=True, slots=True)
class Manners:
    """The odds of what happens to a connection; the rest goes well."""

    cut_before: float = 0.0
    """It is cut before anything went on: the hub never heard it."""
    cut_after: float = 0.0
    """The hub heard it; its answer is cut after some bytes."""
    stall: float = 0.0
    """Some way in, nothing moves for a while."""
    swallow: float = 0.0
    """Half-open: bytes go nowhere, and nobody is told."""
    corrupt: float = 0.0
    """One byte, either way, is another one."""
    collects: float = 0.0
    """Above 0: each answer is held back until it is whole, as some proxies do, everywhere."""
    stall_seconds: float = 2.0
    swallow_seconds: float = 5.0

    @property
    def kinds(self) -> dict[str, float]:
        """The odds by name."""
        names = ("cut_before", "cut_after", "stall", "swallow", "corrupt")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Fate:
    """What happens to one connection, and where in it."""

    kind: str = ""
    at: int = 0
    """Bytes, of what comes back; for `corrupt`, of either way."""
    upwards: bool = False


@dataclass(slots=True)
class _Pair:
    near: socket.socket
    far: socket.socket
    fate: Fate
    up: int = 0
    down: int = 0
    held: bytes = b""
    """What came of an answer that is not whole yet, where answers are collected."""
    done: set[str] = field(default_factory=set)


class Proxy:
    """Listens on a port of its own and passes on to the hub, more or less."""

    def __init__(self, ports: Callable[[], Sequence[int]], manners: Manners, seed: int) -> None:
        """Prepare for hubs at these ports of this machine; `with` it.

        Each connection goes to any of them, as behind a load balancer.
        """
        self._ports = ports
        self.manners = manners
        self._chance = Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.done: Counter[str] = Counter()
        """What was done to connections, by kind."""
        self._partitioned = threading.Event()
        self._vanished = threading.Event()
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, name="proxy", daemon=True)

    def __enter__(self) -> Proxy:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._listener.close()
        self._cut_all()
        self._accepting.join()
        for thread in self._threads:
            thread.join()

    def partition(self) -> None:
        """Let nothing through, and cut what is open."""
        self._partitioned.set()
        self._cut_all()

    def vanish(self) -> None:
        """Let nothing through, and say so to nobody: no connection ends, none is refused."""
        self._vanished.set()

    def heal(self) -> None:
        """Let bytes through again; a host that came back knows nothing of older connections."""
        if self._vanished.is_set():
            self._cut_all()
        self._partitioned.clear()
        self._vanished.clear()

    def _cut_all(self) -> None:
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _fate(self) -> Fate:
        throw = self._chance.random()
        for kind, odds in self.manners.kinds.items():
            if throw < odds:
                return Fate(kind, self._chance.randrange(1, 2_000), self._chance.random() < 0.5)
            throw -= odds
        return Fate()

    def _accept(self) -> None:
        self._listener.settimeout(LOOK_SECONDS)
        while not self._stopping.is_set():
            try:
                near, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            thread = threading.Thread(target=self._serve, args=(near, self._fate()), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, near: socket.socket, fate: Fate) -> None:
        with near:
            if self._partitioned.is_set() or fate.kind == "cut_before":
                self.done["partition" if self._partitioned.is_set() else "cut_before"] += 1
                return
            if self._vanished.is_set():
                self.done["vanished"] += 1
                with self._lock:
                    self._open.add(near)
                while self._vanished.is_set() and not self._stopping.wait(LOOK_SECONDS):
                    pass
                return
            if fate.kind == "swallow":
                self.done["swallow"] += 1
                self._stopping.wait(self.manners.swallow_seconds)
                return
            try:
                port = self._chance.choice(self._ports())
                far = socket.create_connection(("127.0.0.1", port), timeout=LOOK_SECONDS * 5)
            except (OSError, IndexError):
                return
            far.settimeout(None)
            with far:
                pair = _Pair(near, far, fate)
                with self._lock:
                    self._open |= {near, far}
                try:
                    self._pump(pair)
                except OSError:
                    pass
                finally:
                    with self._lock:
                        self._open -= {near, far}

    def _pump(self, pair: _Pair) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(pair.near, selectors.EVENT_READ, True)
            ready.register(pair.far, selectors.EVENT_READ, False)
            while not self._stopping.is_set() and not self._partitioned.is_set():
                if self._vanished.is_set():
                    self._stopping.wait(LOOK_SECONDS)
                    continue
                for key, _ in ready.select(LOOK_SECONDS):
                    upwards = bool(key.data)
                    source, sink = (pair.near, pair.far) if upwards else (pair.far, pair.near)
                    data = source.recv(CHUNK)
                    if not data:
                        return
                    if self.manners.collects and not upwards:
                        data = self._collected(pair, data)
                    if not self._pass_on(pair, sink, data, upwards):
                        return

    def _collected(self, pair: _Pair, data: bytes) -> bytes:
        """Give the answers that are whole by now, and keep the rest."""
        pair.held += data
        whole = b""
        while b"\r\n\r\n" in pair.held:
            head, _, _ = pair.held.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            size = len(head) + 4 + (int(length[1]) if length else 0)
            if len(pair.held) < size:
                break
            whole, pair.held = whole + pair.held[:size], pair.held[size:]
            self.done["collects"] += 1
        return whole

    def _pass_on(self, pair: _Pair, sink: socket.socket, data: bytes, upwards: bool) -> bool:
        """Pass bytes on as the connection's fate is; say whether it lives."""
        fate = pair.fate
        before = pair.up if upwards else pair.down
        reached = before <= fate.at < before + len(data) and fate.kind not in pair.done
        if upwards:
            pair.up += len(data)
        else:
            pair.down += len(data)
        if reached and fate.kind == "cut_after" and not upwards:
            self._note(pair)
            sink.sendall(data[: fate.at - before])
            return False
        if reached and fate.kind == "stall":
            self._note(pair)
            self._stopping.wait(self.manners.stall_seconds)
        if reached and fate.kind == "corrupt" and upwards is fate.upwards:
            self._note(pair)
            spot = fate.at - before
            data = data[:spot] + bytes([data[spot] ^ 0x15]) + data[spot + 1 :]
        sink.sendall(data)
        return True

    def _note(self, pair: _Pair) -> None:
        pair.done.add(pair.fate.kind)
        self.done[pair.fate.kind] += 1
