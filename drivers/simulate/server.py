"""How a virtual printer is reached: a port, a thread for each connection, and cuts on request.

The wire is faulty in the ways that real ones are: reset after some bytes, reading no more, losing
an answer. What the printer had taken in before a cut it keeps, as a real one does.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping

from drivers.simulate.course import CUTS, Course
from drivers.simulate.fault import Fault
from drivers.simulate.personality import Manners, Session

_PIECE = 65_536
_POLL_SECONDS = 0.05
"""How soon a waiting thread notices that the server stops or a stall is cleared."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends a reset, as a printer that lost power does."""


class _Mouth:
    """The way back over one connection; what is said unasked does not cut an answer in two."""

    def __init__(self, connection: socket.socket, habits: Mapping[str, Fault]) -> None:
        self.connection, self._habits = connection, habits
        self._lock = threading.Lock()

    def say(self, data: bytes) -> None:
        """Send, and never mind if nobody is there any more."""
        with contextlib.suppress(OSError):
            self.send(data)

    def send(self, data: bytes) -> None:
        """Send, in pieces as the printer's habits are. Raises OSError."""
        if "mute" in self._habits:
            return
        with self._lock:
            if "one-byte-replies" not in self._habits:
                self.connection.sendall(data)
                return
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(len(data)):
                self.connection.sendall(data[at : at + 1])


def _reset(connection: socket.socket) -> None:
    """End a connection that another thread reads from, as a device does that lost its power."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.shutdown(socket.SHUT_RDWR)


class Server:
    """Listens on one port and gives every connection a session."""

    def __init__(
        self,
        host: str,
        port: int,
        manners: Manners,
        lock: threading.Condition,
        full: Callable[[], bool],
    ) -> None:
        """Bind the port; `lock` guards the printer, and is notified when bytes came in."""
        self._manners = manners
        self._lock, self._full = lock, full
        self._stopping = threading.Event()
        self._armed: list[Fault] = []
        self.habits: dict[str, Fault] = {}
        """Of the wire and of the language, by name."""
        self._off_until = 0.0
        self.unplugged = False
        """The cable is out: nobody is reached, and what was on its way is lost."""
        self._stalls = 0
        """Counts `clear`: a stalled connection goes on when it changes."""
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server((host, port))
        self.host, self.port = self._socket.getsockname()[:2]

    def start(self) -> None:
        """Begin to accept connections."""
        self._spawn(self._accept)

    def stop(self) -> None:
        """Cut every connection, and end all threads."""
        self._stopping.set()
        self._wake()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()
        self._socket.close()

    def arm(self, fault: Fault) -> None:
        """Let `fault` hit the next connection that gives it the chance."""
        with self._lock:
            self._armed.append(fault)

    def clear(self) -> None:
        """Disarm every fault and let stalled connections go on."""
        with self._lock:
            self._armed.clear()
            self._stalls += 1

    def lose_power(self, seconds: float) -> None:
        """Reset every connection, and take none for so long."""
        with self._lock:
            self._off_until = time.monotonic() + seconds
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    _reset(connection)

    @property
    def off(self) -> bool:
        """Is no connection taken, for want of power?"""
        return time.monotonic() < self._off_until

    def unplug(self) -> None:
        """Pull the cable: connections end, and there is nobody to connect to."""
        with self._lock:
            if self.unplugged:
                return
            self.unplugged = True
        self._wake()
        with self._lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def plug(self) -> None:
        """Put the cable back."""
        with self._lock:
            self.unplugged = False
            self._lock.notify_all()

    @property
    def armed(self) -> list[Fault]:
        """The faults that have not hit yet."""
        with self._lock:
            return list(self._armed)

    def _wake(self) -> None:
        """A connection to ourselves wakes `accept`, which closing does not."""
        with contextlib.suppress(OSError):
            socket.create_connection((self.host, self.port), 1).close()

    def _spawn(self, run: Callable[[], None]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=run, name=f"printer:{self.port}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            connection, _ = self._socket.accept()
            if self._stopping.is_set():
                connection.close()
                return
            if self.off:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                connection.close()
                continue
            if self.unplugged:
                connection.close()
                self._wait_for_the_cable()
                continue
            with self._lock:
                self._connections.add(connection)
            self._spawn(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _wait_for_the_cable(self) -> None:
        self._socket.close()
        self._wait_while(lambda: self.unplugged)
        if not self._stopping.is_set():
            self._socket = socket.create_server((self.host, self.port))

    def _serve(self, connection: socket.socket) -> None:
        mouth = _Mouth(connection, self.habits)
        manners = self._manners
        session = manners.speaking(mouth.say) if manners.speaking else manners.open()
        course = Course(manners.finder())
        try:
            # A peer that resets, or is cut by us, ends the conversation and nothing else.
            with contextlib.suppress(OSError):
                while (data := self._read(connection)) and not self._stopping.is_set():
                    self._hand_in(mouth, session, course, data)
                if "reset-on-close" in self.habits:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        finally:
            with self._lock:
                session.closed()
                self._connections.discard(connection)
                self._lock.notify_all()
            connection.close()

    def _read(self, connection: socket.socket) -> bytes:
        slow = self.habits.get("slow-reader")
        if slow is None:
            return connection.recv(_PIECE)
        self._stopping.wait(_POLL_SECONDS)
        return connection.recv(max(int(slow.count * _POLL_SECONDS), 1))

    def _hand_in(self, mouth: _Mouth, session: Session, course: Course, data: bytes) -> None:
        """Give `data` to the printer, as far as the faults let it. Raises OSError once cut."""
        while data:
            if not data.lstrip().startswith(self._manners.urgent):
                self._wait_while(self._full)
            with self._lock:
                fault = next((f for f in self._armed if f.name in CUTS), None)
                passage = course.meet(data, fault)
                if passage.strikes is not None:
                    self._armed.remove(passage.strikes)
                answer = session.receive(passage.reaches, time.time())
                if answer and self._disarmed("lost-reply"):
                    answer = b""
                self._lock.notify_all()
            if passage.strikes is not None and passage.strikes.name == "drop-after":
                mouth.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                raise ConnectionAbortedError
            mouth.send(answer)
            if passage.strikes is not None:
                self._stall(passage.strikes)
            data = passage.later

    def _disarmed(self, name: str) -> bool:
        """Take one `name` off the armed faults, if there is one."""
        fault = next((f for f in self._armed if f.name == name), None)
        if fault is None:
            return False
        at = self._armed.index(fault)
        left = [Fault(name, str(fault.count - 1))] if fault.count > 1 else []
        self._armed[at : at + 1] = left
        return True

    def _stall(self, fault: Fault) -> None:
        began, stalls = time.monotonic(), self._stalls
        self._wait_while(
            lambda: (
                self._stalls == stalls
                and (fault.seconds is None or time.monotonic() - began < fault.seconds)
            )
        )

    def _wait_while(self, so: Callable[[], bool]) -> None:
        with self._lock:
            while so() and not self._stopping.is_set():
                self._lock.wait(_POLL_SECONDS)
