"""What a person reads when the hub was not reached."""

from __future__ import annotations

import socket
import ssl
from urllib.error import URLError

import pytest

from sync.client.unreached import why
from sync.client.wire import Away, Wire


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ssl.SSLCertVerificationError("self-signed"), "--pin"),
        (ssl.SSLError("WRONG_VERSION_NUMBER"), "TLS"),
        (socket.gaierror(-2, "Name or service not known"), "spelt"),
        (TimeoutError(), "in time"),
        (ConnectionResetError(104, "reset"), "hung up"),
    ],
)
def test_what_a_library_wrapped_is_said_in_plain_words(cause: Exception, words: str) -> None:
    wrapped = URLError(cause)
    wrapped.__cause__ = cause
    assert words in why(wrapped)
    assert "Errno" not in why(wrapped)


def test_a_hub_that_is_away_is_said_in_plain_words() -> None:
    with socket.socket() as bound:  # and nobody listens
        bound.bind(("127.0.0.1", 0))
        wire = Wire(f"http://127.0.0.1:{bound.getsockname()[1]}")
        try:
            with pytest.raises(Away, match="nothing listens there"):
                wire.ask("GET", "/healthz", b"", {}, 1.0)
        finally:
            wire.close()
