"""How does this machine become a bench of a hub, with what it has still to tell?

The journal is the machine's own and is never begun anew: the hub is told where it stands, and
goes on from there. Another hub than before is offered everything that is still kept.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import update

from station.store import heard, journal, lease
from station.store import schema as t
from station.store.store import Store, Turn
from sync.client.enrolment import enrol
from sync.client.pinned import ca_of
from sync.client.signer import CA, KEY, open_key
from sync.protocol import cursor
from sync.protocol.messages import Enrolled, Rejoin


@dataclass(frozen=True, slots=True)
class Place:
    """Where a journal stands to a hub."""

    after: int
    """The last entry that the hub has, as far as this machine knows."""
    hash: str
    anew: bool
    """It is another hub than before: what the one before said means nothing there."""


def join(
    home: Path,
    store: Store,
    hub: str,
    code: str,
    host: str,
    *,
    ca: Path | None = None,
    pin: str = "",
) -> Enrolled:
    """Make this machine a bench of that hub. Raises ValueError with a sentence, StoreError."""
    with store.turn() as turn:
        place = stands(turn, hub)
        known = turn.get("hub") == hub
    trusted = _trusted(home, hub, ca, pin, known=known)
    signer = open_key(home / KEY)
    enrolled = enrol(
        hub,
        code,
        host,
        public_key=signer.public_key,
        after=place.after,
        hash=place.hash,
        ca=trusted,
    )
    with store.turn() as turn:
        settle(turn, hub, enrolled, place)
        heard.keep(turn, datetime.now(UTC))
    # Only now: a hub that does not take us must not cost us the one that did.
    if trusted is None:
        (home / CA).unlink(missing_ok=True)
    elif trusted != home / CA:
        trusted.replace(home / CA)
    return enrolled


def stands(turn: Turn, hub: str) -> Place:
    """Say from where on a hub is to be told of this journal."""
    if turn.get("hub") in ("", hub):
        acked = int(turn.get("acked", "0"))
        return Place(acked, journal.hash_of(turn, acked), anew=False)
    return Place(*journal.base(turn), anew=True)


def settle(turn: Turn, hub: str, enrolled: Enrolled, place: Place) -> None:
    """Keep what the hub made of this machine."""
    body = turn.get("enrolled")
    was = msgspec.json.decode(body, type=Enrolled) if body else enrolled
    renamed = was.bench != enrolled.bench
    turn.set("enrolled", msgspec.json.encode(enrolled).decode())
    turn.set("hub", hub)
    turn.set(t.REJOIN, "")
    lease.joined(turn, enrolled.lease_seconds)
    # Who was to read its feed from 0, and has read nothing yet, knows the epoch by who it was.
    known = cursor.read(turn.get("cursor", str(cursor.START))).epoch or was.epoch
    # A hub that turned this journal down has not said which of its entries it still has.
    told = int(turn.get(t.ACKED_IN) or known)
    restored = not enrolled.epoch == known == told
    if not place.anew and not restored:
        if renamed:
            _read_anew(turn)  # each bench has a feed of its own
        return
    after, hash = journal.base(turn)
    if not place.anew and after != place.after:
        # It was put back to an older state, and may have lost what it had acknowledged.
        turn.set(t.REJOIN, msgspec.json.encode(Rejoin(after=after, hash=hash)).decode())
    turn.set("acked", str(after))
    _read_anew(turn)
    turn.sql.execute(update(t.entries).values(pending=True))


def _read_anew(turn: Turn) -> None:
    """Let the feed be read from 0; rows that it does not name are swept at its end."""
    turn.set("cursor", str(cursor.START))
    turn.set("generation", str(int(turn.get("generation", "0")) + 1))


def _trusted(home: Path, hub: str, ca: Path | None, pin: str, *, known: bool) -> Path | None:
    """Give the file of whom to believe that it is the hub; None: whom the system believes."""
    if pin:
        return _kept(home, ca_of(hub, pin))
    if ca is not None:
        try:
            return _kept(home, ca.read_bytes())
        except OSError as e:
            raise ValueError(f"{ca} cannot be read: {e.strerror}") from e
    return home / CA if known and (home / CA).exists() else None


def _kept(home: Path, pem: bytes) -> Path:
    path = home / f"{CA}.new"
    with path.open("wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return path
