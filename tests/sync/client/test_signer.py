"""How a bench's key is kept, and what it signs."""

from __future__ import annotations

import ssl
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.client.signer import KEY, authorization, open_key, ssl_context
from sync.protocol import signing


def test_a_key_is_made_once_and_is_the_same_ever_after(tmp_path: Path) -> None:
    first = open_key(tmp_path / "home" / KEY)
    again = open_key(tmp_path / "home" / KEY)
    assert first.public_key == again.public_key
    assert len(bytes.fromhex(first.public_key)) == 32
    assert open_key(tmp_path / "other" / KEY).public_key != first.public_key


def test_nobody_else_on_the_machine_may_read_a_key(tmp_path: Path) -> None:
    open_key(tmp_path / KEY)
    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [KEY]


def test_of_several_that_start_at_once_all_have_one_key(tmp_path: Path) -> None:
    seen: list[str] = []
    start = threading.Barrier(8)

    def open_() -> None:
        start.wait(60)
        seen.append(open_key(tmp_path / KEY).public_key)

    threads = [threading.Thread(target=open_) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(seen) == 8
    assert len(set(seen)) == 1


@pytest.mark.parametrize("held", [b"", b"half a key", b"k" * 33])
def test_a_file_that_is_no_key_is_refused_and_left_alone(tmp_path: Path, held: bytes) -> None:
    (tmp_path / KEY).write_bytes(held)
    with pytest.raises(ValueError, match="enrol this bench anew"):
        open_key(tmp_path / KEY)
    assert (tmp_path / KEY).read_bytes() == held


def test_what_is_signed_is_verified_by_the_public_key_alone(tmp_path: Path) -> None:
    signer = open_key(tmp_path / KEY)
    target, body = "/v1/feed?after=1.2&wait=25", b"{}"
    said = authorization(signer, "b1", 3, 1_700_000_000.1234, "n1", "GET", target, body)
    claimed, signature = signing.read(said)
    assert (claimed.bench, claimed.incarnation, claimed.nonce) == ("b1", 3, "n1")
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signer.public_key))
    public.verify(signature, signing.words(claimed, "GET", target, body))
    for method, at, bytes_ in (
        ("POST", target, body),
        ("GET", "/v1/feed?after=1.3&wait=25", body),
        ("GET", target, b"{ }"),
    ):
        with pytest.raises(InvalidSignature):
            public.verify(signature, signing.words(claimed, method, at, bytes_))


def test_a_benchs_first_screen_does_not_wait_for_the_cipher() -> None:
    said = "import sys, sync.client.signer; print('cryptography' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_an_old_tls_is_not_spoken() -> None:
    assert ssl_context(None).minimum_version is ssl.TLSVersion.TLSv1_2
    assert ssl_context(None).verify_mode is ssl.CERT_REQUIRED
