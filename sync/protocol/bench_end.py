"""What does a bench's end of the link do next? A machine without I/O, clock or chance.

Three lanes run side by side: the feed comes down, entries go up and the bytes they need come
down, and a heartbeat tells that the bench lives. Whoever drives the machine says that a lane is
due and what the bench's store has for it, sends what the machine asks to be sent, and tells what
was answered or that nothing was; everything else is here, once, for the threads of the product
and for the simulation alike.

Nothing that the hub says stops the bench's work: the worst of it is a state for the lamp.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import TypeVar

import msgspec

from sync.protocol.cursor import read
from sync.protocol.lanes import (
    Answered,
    Ask,
    BeatDue,
    Effect,
    FeedDue,
    HoldLease,
    Input,
    Lane,
    LinkState,
    Lost,
    Moment,
    Offline,
    Online,
    Outdated,
    Resend,
    Rest,
    Send,
    Settle,
    StartOver,
    StoreBytes,
    Take,
    Tell,
    Took,
    Unwelcome,
    UpDue,
    Wake,
)
from sync.protocol.messages import (
    Acked,
    Beaten,
    Gap,
    Kind,
    Page,
    Refusal,
    Reset,
)

M = TypeVar("M")

WAIT_SECONDS = 25
"""How long the hub may keep a feed request that has nothing to say: below the 30 s after which
common proxies cut an idle connection."""
PAGE_ROWS = 200
"""A scan waits for at most one page to be written, some 30 ms."""
BREATH_SECONDS = 0.1
"""After a page that brought us up to date. On a busy floor changes come one by one, and a page for
each would take half of the bench's time; ten pages a second take little, and nobody sees 0.1 s."""
BEAT_SECONDS = 3.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 15.0
"""Of back-off; the real pause is a random part of it, so that fifty benches do not knock together
when the hub comes back."""
OUTDATED_SECONDS = 60.0
"""Between two tries to be fed by a hub that has become too new for this bench."""
LEASE_MARGIN = 0.1
LEASE_MARGIN_SECONDS = 60.0
"""So much earlier than the hub the bench takes its lease to be over: this part, at most so long."""
NEWS_SECONDS = 1.0
"""Once a second is news enough of a hub that answers."""


@dataclass(frozen=True, slots=True)
class End:
    """The bench's end between two steps. What must outlive the process is in the store."""

    state: LinkState | None = None
    offset: float = 0.0
    """Seconds that the hub's clock is ahead of ours: requests are signed by the hub's."""
    failures: Mapping[Lane, int] = field(default_factory=dict)
    """In a row, by lane."""
    corrected: frozenset[Lane] = frozenset()
    """Lanes whose last request was refused for its moment, and which ask once more."""
    missing: frozenset[str] = frozenset()
    """Bytes that the hub did not have when they were asked for in this round."""
    needed: int = 0
    """From where the hub last asked entries again; 0: it did not."""
    mismatches: int = 0
    """How often the replica's digest was not the hub's."""


Stepped = tuple[End, tuple[Effect, ...]]


def step(end: End, input: Input, now: Moment, chance: Random) -> Stepped:
    """Say what comes of an input: the end as it is then, and what is to be done, in order."""
    match input:
        case FeedDue(cursor=cursor):
            query = {"after": str(cursor), "wait": str(WAIT_SECONDS), "limit": str(PAGE_ROWS)}
            return end, (_send(Lane.FEED, "GET", "/v1/feed", now, query=query),)
        case UpDue():
            return _up(end, input, now)
        case BeatDue(heartbeat=heartbeat):
            body = msgspec.json.encode(
                msgspec.structs.replace(heartbeat, mismatches=end.mismatches, at=now.wall)
            )
            return end, (_send(Lane.BEAT, "POST", "/v1/heartbeat", now, body=body),)
        case Answered(to=ask):
            try:
                return _answered(end, input, now, chance)
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
                return _failed(end, ask.lane, Offline("the hub's answer cannot be read"), chance)
        case Lost(to=ask, why=why):
            return _failed(end, ask.lane, Offline(why), chance)
        case Took(page=page, digest=digest):
            return _took(end, page, digest)


def _send(
    lane: Lane,
    method: str,
    path: str,
    now: Moment,
    *,
    query: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Send:
    return Send(Ask(lane, method, path, tuple((query or {}).items()), body, now.boottime))


def _up(end: End, due: UpDue, now: Moment) -> Stepped:
    if due.batch is not None:
        batch = msgspec.structs.replace(due.batch, sent_boottime=now.boottime)
        return end, (_send(Lane.UP, "POST", "/v1/entries", now, body=msgspec.json.encode(batch)),)
    for sha256 in due.wanted:
        if sha256 not in end.missing:
            return end, (_send(Lane.UP, "GET", f"/v1/blobs/{sha256}", now),)
    return replace(end, missing=frozenset()), (Rest(Lane.UP, BEAT_SECONDS, wakes=True),)


# -- answers


def _answered(end: End, input: Answered, now: Moment, chance: Random) -> Stepped:
    lane = input.to.lane
    if input.status == 409:
        return _conflict(_fine(end, lane), input, now, chance)
    if input.status == 404 and input.to.path.startswith("/v1/blobs/"):
        missing = end.missing | {input.to.path.rpartition("/")[2]}
        end, told = _online(_fine(end, lane), now)
        return replace(end, missing=missing), (*told, Rest(Lane.UP, 0.0))
    if input.status != 200:
        return _refused(end, input, now, chance)
    end = _fine(end, lane)
    match lane:
        case Lane.FEED:
            page = msgspec.json.decode(input.body, type=Page)
            end, told = _heard(end, page.server_time, page.lease_seconds, input.to, now)
            breath = bool(page.changes) and page.next == page.head
            rest = Rest(Lane.FEED, BREATH_SECONDS if breath else 0.0)
            return end, (Take(page), *told, rest)
        case Lane.UP if input.to.path == "/v1/entries":
            acked = msgspec.json.decode(input.body, type=Acked)
            end, told = _heard(end, acked.server_time, acked.lease_seconds, input.to, now)
            return replace(end, needed=0), (Settle(acked), *told, Rest(Lane.UP, 0.0))
        case Lane.UP:
            end, told = _online(end, now)
            sha256 = input.to.path.rpartition("/")[2]
            if hashlib.sha256(input.body).hexdigest() != sha256:
                # One label that was damaged on its way must not keep all others from coming.
                end = replace(end, missing=end.missing | {sha256})
                return end, (*told, Rest(Lane.UP, 0.0))
            return end, (StoreBytes(sha256, input.body), *told, Rest(Lane.UP, 0.0))
        case Lane.BEAT:
            beaten = msgspec.json.decode(input.body, type=Beaten)
            end, told = _heard(end, beaten.server_time, beaten.lease_seconds, input.to, now)
            return end, (*told, Rest(Lane.BEAT, BEAT_SECONDS))


def _heard(end: End, server: datetime, lease: float, ask: Ask, now: Moment) -> Stepped:
    """The hub's clock and the lease come with every answer that has a body of ours."""
    end, told = _online(replace(end, offset=(server - now.wall).total_seconds()), now)
    if not lease:
        return end, told
    until = ask.boottime + lease - min(lease * LEASE_MARGIN, LEASE_MARGIN_SECONDS)
    return end, (*told, HoldLease(until))


def _conflict(end: End, input: Answered, now: Moment, chance: Random) -> Stepped:
    if input.to.lane is Lane.FEED:
        reset = msgspec.json.decode(input.body, type=Reset)
        end, told = _online(end, now)
        # A hub that lost our place may have lost our entries.
        return end, (
            StartOver(reset.epoch),
            *told,
            Wake(Lane.UP),
            Rest(Lane.FEED, FIRST_PAUSE_SECONDS),
        )
    gap = msgspec.json.decode(input.body, type=Gap)
    if gap.fork:
        return _failed(
            end, Lane.UP, Unwelcome("another machine has gone on with this journal"), chance
        )
    if gap.need == end.needed:
        # It was sent from there, or the bench does not keep entries that old.
        why = f"the hub asks again for entry {gap.need}: enrol this bench anew"
        return _failed(end, Lane.UP, Unwelcome(why), chance)
    end, told = _online(replace(end, needed=gap.need), now)
    return end, (Resend(gap.need), *told, Rest(Lane.UP, 0.0))


def _refused(end: End, input: Answered, now: Moment, chance: Random) -> Stepped:
    lane = input.to.lane
    refusal = _refusal(input)
    match refusal.kind if refusal else None:
        case Kind.CLOCK if refusal is not None and lane not in end.corrected:
            offset = (refusal.server_time - now.wall).total_seconds()
            corrected = end.corrected | {lane}
            return replace(end, offset=offset, corrected=corrected), (Rest(lane, 0.0),)
        case Kind.OUTDATED if refusal is not None:
            end, told = _say(end, Outdated(refusal.error))
            return end, (*told, Rest(lane, OUTDATED_SECONDS))
        case Kind.UNKNOWN_BENCH | Kind.BAD_SIGNATURE | Kind.NOT_YOURS | Kind.CLOCK:
            why = refusal.error if refusal else ""
            return _failed(end, lane, Unwelcome(why), chance)
        case _:
            why = refusal.error if refusal else f"the hub answered {input.status}"
            return _failed(end, lane, Offline(why), chance, input.retry_after)


def _refusal(input: Answered) -> Refusal | None:
    """Whatever stands between us and the hub refuses in words of its own."""
    try:
        return msgspec.json.decode(input.body, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _took(end: End, page: Page, digest: int | None) -> Stepped:
    if digest is None or page.digest is None or digest == page.digest:
        # The page may name bytes to fetch.
        return end, ((Wake(Lane.UP),) if page.changes else ())
    epoch = read(page.head).epoch
    return replace(end, mismatches=end.mismatches + 1), (StartOver(epoch), Wake(Lane.BEAT))


# -- what lanes share


def _fine(end: End, lane: Lane) -> End:
    if lane not in end.failures and lane not in end.corrected:
        return end
    failures = {one: times for one, times in end.failures.items() if one is not lane}
    return replace(end, failures=failures, corrected=end.corrected - {lane})


def _failed(
    end: End, lane: Lane, state: LinkState, chance: Random, at_least: float = 0.0
) -> Stepped:
    times = end.failures.get(lane, 0)
    pause = min(FIRST_PAUSE_SECONDS * 2.0 ** min(times, 20), LONGEST_PAUSE_SECONDS)
    seconds = max(pause * chance.uniform(0.5, 1.0), at_least)
    end = replace(end, failures={**end.failures, lane: times + 1})
    end, told = _say(end, state)
    return end, (*told, Rest(lane, seconds))


def _online(end: End, now: Moment) -> Stepped:
    return _say(end, Online(now.wall))


def _say(end: End, state: LinkState) -> Stepped:
    old = end.state
    if isinstance(state, Online) and isinstance(old, Online):
        if abs((state.at - old.at).total_seconds()) < NEWS_SECONDS:
            return end, ()
    elif type(state) is type(old):
        return end, ()
    return replace(end, state=state), (Tell(state),)
