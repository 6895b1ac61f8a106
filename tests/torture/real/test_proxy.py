"""Does the wire misbehave as it says? An echo stands for the hub."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.torture.real.proxy import Manners, Proxy

SAID = bytes(range(256)) * 16


@contextmanager
def echo() -> Iterator[int]:
    """Answer every connection with what it says."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                there, _ = listener.accept()
            except OSError:
                return
            with there:
                got = b""
                while len(got) < len(SAID) and (part := there.recv(4096)):
                    got += part
                if got:
                    there.sendall(got)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def heard(proxy: Proxy) -> bytes:
    """Say it through the proxy; give what came back."""
    host, _, port = proxy.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10.0) as wire:
        got = b""
        try:
            wire.sendall(SAID)
            while len(got) < len(SAID) and (part := wire.recv(4096)):
                got += part
        except ConnectionError:
            return got
    return got


def test_a_good_wire_changes_nothing() -> None:
    with echo() as port, Proxy(lambda: [port], Manners(), 1) as proxy:
        assert heard(proxy) == SAID
        assert not proxy.done


@pytest.mark.parametrize(
    ("kind", "comes_back"),
    [
        ("cut_before", lambda got: got == b""),
        ("cut_after", lambda got: got == SAID[: len(got)] and 0 < len(got) < len(SAID)),
        ("stall", lambda got: got == SAID),
        ("swallow", lambda got: got == b""),
        ("corrupt", lambda got: len(got) == len(SAID) and got != SAID),
    ],
)
def test_each_kind_of_harm_is_done_and_counted(kind: str, comes_back: object) -> None:
    manners = Manners(**{kind: 1.0}, stall_seconds=0.05, swallow_seconds=0.05)
    with echo() as port, Proxy(lambda: [port], manners, 3) as proxy:
        assert callable(comes_back)
        assert comes_back(heard(proxy))
        assert proxy.done[kind] == 1


def test_a_partition_lets_nothing_through_until_it_heals() -> None:
    with echo() as port, Proxy(lambda: [port], Manners(), 1) as proxy:
        proxy.partition()
        assert heard(proxy) == b""
        proxy.heal()
        assert heard(proxy) == SAID
