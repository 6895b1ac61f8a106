"""What does the process do that gets carriers' labels ready? One label after the other, bounded.

    python -m station.label_worker

Asked on standard input, it answers on standard output: each message msgpack, after its length in
four bytes. It reads what strangers made, in other people's C, and may load zplkit (OSL-3.0), so it
is a process apart. A label that takes too long or too much memory ends the process, not the bench;
`label_process` starts another.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from drivers.label_printers.head import Head
from drivers.label_printers.sheet_rule import Rule
from drivers.label_printers.unusable import Unusable, Why

if TYPE_CHECKING:
    from drivers.label_printers.outside import Ours

SECONDS = 20.0
"""For one label. A page takes 0.1 s; the rest is for a machine that is busy with other things."""
MOST_MEMORY = 2_000_000_000
"""Of addresses. A page of A4 at 600 dpi is 35 MB, and is held a few times over."""
_NICE = 10
"""The packer's screen comes first."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A label, and what is to become of it."""

    data: bytes
    head: Head
    tracking: str
    """Whose label it must be."""
    carrier: str = ""
    format: str = ""
    rules: tuple[Rule, ...] = ()


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """It is this parcel's."""

    job: bytes
    """What to send; empty: what was asked about, as it came."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It must not be printed."""

    why: Why
    said: str
    """For the log."""


Answer = Ready | Refused
ANSWER: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
_ASKED = msgspec.msgpack.Decoder(Asked)


def send(wire: BinaryIO, message: Asked | Answer) -> None:
    """Write one message."""
    body = msgspec.msgpack.encode(message)
    wire.write(len(body).to_bytes(4, "big") + body)
    wire.flush()


def receive(wire: BinaryIO) -> bytes | None:
    """Read one message; None when there are no more."""
    length = int.from_bytes(wire.read(4), "big")
    body = wire.read(length)
    return body if length and len(body) == length else None


def answer(asked: Asked) -> Answer:
    """Get one label ready."""
    # Drawing takes 0.3 s to load, and this module is also the bench's, for its messages.
    from drivers.label_printers import outside
    from drivers.label_printers.foreign import pictures_here

    origin = outside.Origin(carrier=asked.carrier, format=asked.format, rules=asked.rules)
    try:
        job = outside.prepare(asked.data, asked.head, origin, _ours(asked.tracking), pictures_here)
    except Unusable as error:
        return Refused(error.why, str(error))
    except MemoryError:
        return Refused(Why.TOO_LARGE, "drawing it took all the memory that it may have")
    return Ready(b"" if job == asked.data else job)


def _ours(tracking: str) -> Ours:
    """Say of a barcode what the closing scan will say of it."""
    from station import codes  # as above
    from station.flows import standing
    from station.flows.flow import Known, Scanned

    wanted = standing.same_form(tracking)

    def ours(text: str) -> bool:
        return standing.tracking_of(Scanned(codes.read(text, None), text, Known())) == wanted

    return ours


def main() -> int:
    """Answer until nobody asks any more."""
    wire, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand among the answers
    _bound()
    while (body := receive(wire)) is not None:
        # SIGALRM ends the process where it stands, in whatever C: also when the bench is gone.
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        said = answer(_ASKED.decode(body))
        signal.setitimer(signal.ITIMER_REAL, 0)
        send(out, said)
    return 0


def _bound() -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # whoever started us may have ignored it
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    with contextlib.suppress(ImportError, ValueError, OSError):  # not everywhere
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    sys.exit(main())
