"""Why was a hub not reached, and what should a person look at? From an error and what caused it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

_WHY: tuple[tuple[type[BaseException], str], ...] = (
    (
        ssl.SSLCertVerificationError,
        "this machine does not trust its certificate: add the --pin that `packbench-hub bench "
        "code NAME` says",
    ),
    (ssl.SSLError, "it does not speak TLS there: does its address begin with http:// ?"),
    (socket.gaierror, "no machine has that name: is it spelt right?"),
    (ConnectionRefusedError, "nothing listens there: is the hub running, is the port right?"),
    (TimeoutError, "nothing came back in time: is the hub running, is the network there?"),
    (ConnectionError, "it hung up: is the hub running, does its address begin with https:// ?"),
)
"""The narrower kind first."""


def why(error: BaseException) -> str:
    """Say why, in words where the cause is a known one.

    >>> why(ConnectionRefusedError(111, "Connection refused"))
    'nothing listens there: is the hub running, is the port right?'
    >>> why(ValueError("the answer is odd"))
    'the answer is odd'
    """
    for cause in _causes(error):
        for kind, words in _WHY:
            if isinstance(cause, kind):
                return words
    return str(error) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what stands behind it; libraries wrap the system's in their own."""
    left: BaseException | None = error
    while left is not None:
        yield left
        left = left.__cause__ or left.__context__
