"""Which of the hub's processes is asked? The one that a person named, or another that lives.

The hub says where its processes listen. When the one that is asked does not answer, the next is
asked; one is as good as another. A bench that was told https never speaks http, and one that
reaches its hub over a network does not look for it on itself.
"""

from __future__ import annotations

import threading
from ipaddress import ip_address
from urllib.parse import urlsplit


class Hubs:
    """The addresses of one hub; any thread may ask."""

    def __init__(self, named: str) -> None:
        """Begin with the address that a person gave."""
        self._named = named.rstrip("/")
        self._all: tuple[str, ...] = (self._named,)
        self._at = 0
        self._lock = threading.Lock()

    @property
    def present(self) -> str:
        """The address that is asked."""
        with self._lock:
            return self._all[self._at]

    def know(self, addresses: tuple[str, ...]) -> None:
        """Take what the hub says of its processes; the one that is asked goes on being asked."""
        others = [one.rstrip("/") for one in addresses if fits(one, self._named)]
        with self._lock:
            present = self._all[self._at]
            self._all = tuple(dict.fromkeys((self._named, *others)))
            self._at = self._all.index(present) if present in self._all else 0

    def away(self, url: str) -> None:
        """Say that this one did not answer: the next is asked, if this one still was."""
        with self._lock:
            if url == self._all[self._at]:
                self._at = (self._at + 1) % len(self._all)


def fits(address: str, named: str) -> bool:
    """Say whether an address that the hub tells may stand for the one that a person named.

    >>> fits("http://10.0.0.8:9200", "http://10.0.0.7:9200")
    True
    >>> fits("http://127.0.0.1:9200", "http://10.0.0.7:9200")
    False
    >>> fits("http://10.0.0.8:9200", "https://10.0.0.7:9200")
    False
    """
    try:
        said, mine = urlsplit(address), urlsplit(named)
        _ = said.port
    except ValueError:
        return False
    if said.scheme != mine.scheme or not said.hostname:
        return False
    return _here(mine.hostname or "") or not _here(said.hostname)


def _here(host: str) -> bool:
    """Say whether a host's name is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
