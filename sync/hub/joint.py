"""Does a batch join the journal that is stored? Pure: numbers and hashes, nothing is read.

Three answers are possible: it joins; it must be sent again from a number on (something is missing,
or the batch was damaged on its way); or it is another journal than the one that is stored, which
a cloned or a restored disk has written.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sync.orders.learn import learn
from sync.protocol.chain import START, link_body
from sync.protocol.messages import Gap


class Said(msgspec.Struct, frozen=True):
    """An entry on the wire, its body not yet read: a newer bench may say what we do not know."""

    seq: int
    entry: msgspec.Raw
    hash: str
    boot: str = ""
    boottime: float = 0.0


class Sent(msgspec.Struct, frozen=True):
    """A protocol.Batch, its entries not yet read."""

    bench: str
    incarnation: int
    previous: str
    entries: tuple[Said, ...]
    boot: str = ""
    sent_boottime: float = 0.0


def canonical(body: bytes) -> bytes:
    """Give an entry's JSON with sorted keys, as the bench hashed it, of whatever version."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body


def problem(sent: Sent, last: int, last_hash: str, stored: Mapping[int, str]) -> Gap | None:
    """Say why a batch does not join; None when it does.

    `stored`: the hashes that are there, by number, from before its first entry to its last one.
    """
    if not sent.entries:
        return None
    again = Gap(need=last + 1)
    first = sent.entries[0].seq
    if first < 1 or first > last + 1 or not _whole(sent, first):
        return again
    known = {**stored, 0: START, last: last_hash}
    if first - 1 not in known:
        return again  # from before this incarnation began: nobody can compare that
    if sent.previous != known[first - 1]:
        return Gap(need=last + 1, fork=True)
    for one in sent.entries:
        if one.seq > last:
            break
        if one.seq not in known:
            return again
        if one.hash != known[one.seq]:
            return Gap(need=last + 1, fork=True)
    return None


def _whole(sent: Sent, first: int) -> bool:
    """Whether a batch is what it says: dense, and each entry chained to the one before."""
    previous = sent.previous
    for at, one in enumerate(sent.entries):
        if one.seq != first + at or not previous.isascii():
            return False
        if link_body(previous, one.seq, canonical(bytes(one.entry))) != one.hash:
            return False
        previous = one.hash
    return True


learn(Sent)
