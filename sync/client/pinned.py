"""Whom does this machine believe, the first time it talks to a hub with a certificate of its own?

The hub gives its CA's certificate to anybody, over a connection that proves nothing; it is
believed if its SHA-256 is the pin that a person brought along with the code. Everything after
that, the code first, goes over a connection that this CA vouches for.
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from sync.client import unreached

PATH = "/v1/ca"
ASK_SECONDS = 9.0
MOST_BYTES = 64 * 1024


def ca_of(url: str, pin: str) -> bytes:
    """Give the hub's CA as PEM. Raises ValueError with a sentence if it is not the pinned one."""
    if urlsplit(url).scheme != "https":
        raise ValueError(f"{url} has no certificate to pin: its address begins with https://")
    nobody = ssl.create_default_context()
    nobody.check_hostname = False
    nobody.verify_mode = ssl.CERT_NONE  # what comes is believed by its hash alone
    try:
        with urllib.request.urlopen(  # noqa: S310 -- https, see above
            url.rstrip("/") + PATH, timeout=ASK_SECONDS, context=nobody
        ) as answer:
            pem = answer.read(MOST_BYTES)
    except (urllib.error.URLError, OSError, ValueError) as e:
        if isinstance(e, urllib.error.HTTPError):
            e.close()  # it is an open answer as well
        raise ValueError(
            f"The hub at {url} does not show its certificate: {unreached.why(e)}"
        ) from e
    try:
        found = pin_of(pem)
    except ValueError as e:
        raise ValueError(f"What {url} shows is no certificate.") from e
    if not hmac.compare_digest(found, pin.replace(":", "").strip().lower()):
        raise ValueError(
            f"The hub at {url} is not the one that the pin is of: is somebody between it and this"
            " bench? Read the pin again: packbench-hub bench code NAME"
        )
    return bytes(pem)


def pin_of(pem: bytes) -> str:
    """Give a certificate's pin: SHA-256 of its DER, in hex. Raises ValueError."""
    try:
        der = ssl.PEM_cert_to_DER_cert(pem.decode("ascii"))
    except UnicodeDecodeError as e:
        raise ValueError("not PEM") from e
    return hashlib.sha256(der).hexdigest()
