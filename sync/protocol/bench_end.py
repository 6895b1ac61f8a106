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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import TypeVar

import msgspec

from sync.protocol import reading
from sync.protocol.cursor import read
from sync.protocol.lanes import (
    Answered,
    Ask,
    BeatDue,
    Effect,
    FeedDue,
    HoldLease,
    Input,
    Joined,
    KnowHubs,
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
    Stumbled,
    Take,
    Tell,
    Took,
    Unwelcome,
    UpDue,
    Wake,
    worst,
)
from sync.protocol.lease import Lease, given, reached
from sync.protocol.messages import Acked, Beaten, Enrolled, Gap, Kind, Refusal, Reset

M = TypeVar("M")

WAIT_SECONDS = 25
"""How long a feed request may wait for news: common proxies cut an idle connection after 30 s."""
PAGE_ROWS = 1_000
"""As many as a hub gives at once; the store writes them in several turns, because scans wait."""
BREATH_SECONDS = 0.1
"""After a page that brought us up to date. On a busy floor changes come one by one, and a page for
each would take half of the bench's time; ten pages a second take little, and nobody sees 0.1 s."""
BEAT_SECONDS = 3.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 15.0
"""Of back-off; the real pause is a random part of it, so that fifty benches do not knock together
when the hub comes back."""
MOST_PAUSE_SECONDS = 300.0
"""However long the hub, or whatever stands between, asks us to stay away: no bench for a day."""
OUTDATED_SECONDS = 60.0
"""Between two tries to be fed by a hub that has become too new for this bench."""
MISSED_A_BEAT = 10
"""How many bytes that the hub has not are asked for again within a beat, of however many."""
BATCH = 500
"""Entries at once, unless the hub finds that too large."""
QUICK_SECONDS = 1.0
"""A hub that has no news and answers sooner does not wait: it is not asked again at once."""
STARTING_OVER_SECONDS, LONGEST_STARTING_OVER_SECONDS = 1.0, 900.0
"""Between two readings of the whole feed that end with another digest than the hub's: a mistake
that stays must not keep both at it all day."""
NEWS_SECONDS = 1.0
"""Once a second is news enough of a hub that answers."""


@dataclass(frozen=True, slots=True)
class End:
    """The bench's end between two steps. What must outlive the process is in the store."""

    state: LinkState | None = None
    """The worst of what the lanes last met."""
    lanes: Mapping[Lane, LinkState] = field(default_factory=dict)
    """What each last met: a hub that refuses the feed and hears the heartbeat is not well."""
    offset: float = 0.0
    """Seconds that the hub's clock is ahead of ours: requests are signed by the hub's."""
    failures: Mapping[Lane, int] = field(default_factory=dict)
    """In a row, by lane."""
    answered: frozenset[Lane] = frozenset()
    """Lanes that the hub answered; their failures are over when the store has done its part."""
    unheard: frozenset[Lane] = frozenset()
    """Lanes whose last request brought no answer at all."""
    corrected: frozenset[Lane] = frozenset()
    """Lanes whose last request was refused for its moment, and which asked once more at once."""
    missing: Mapping[str, float] = field(default_factory=dict)
    """Bytes that the hub did not have, by when they are asked for again."""
    needed: int = 0
    """From where the hub last asked entries again; 0: it did not."""
    turned_down: bool = False
    """The hub turned the last entries down: a label may be fetched before they go again."""
    turned_away: bool = False
    """It took none since: bytes that come meanwhile are no better news."""
    batch: int = BATCH
    """How many entries go at once."""
    lease: Lease = field(default_factory=Lease)
    """Until when the bench may begin on what it has."""
    hubs: tuple[str, ...] = ()
    """Where the hub's processes listen, as it last said."""
    mismatches: int = 0
    """How often the replica's digest was not the hub's."""
    in_a_row: int = 0
    """The same, since it last was."""


Stepped = tuple[End, tuple[Effect, ...]]


def step(end: End, input: Input, now: Moment, chance: Random) -> Stepped:
    """Say what comes of an input: the end as it is then, and what is to be done, in order.

    Each step that ends a lane's round gives one `Rest` of it: the lane is due again after that.
    """
    match input:
        case FeedDue(cursor=cursor, ahead=ahead):
            query = {"after": str(cursor), "wait": str(WAIT_SECONDS), "limit": str(PAGE_ROWS)}
            lease = end.lease if ahead else reached(end.lease, cursor)
            end, held = _hold(_begin(end, Lane.FEED), lease)
            return end, (*held, _send(Lane.FEED, "GET", "/v1/feed", now, query=query))
        case UpDue():
            return _up(_begin(end, Lane.UP), input, now)
        case BeatDue(heartbeat=heartbeat):
            said = msgspec.structs.replace(heartbeat, mismatches=end.mismatches, at=now.wall)
            body = msgspec.json.encode(said)
            send = _send(Lane.BEAT, "POST", "/v1/heartbeat", now, body=body)
            return _begin(end, Lane.BEAT), (send,)
        case Answered(to=ask):
            # The first that is answered after a cut calls the others.
            others = end.unheard - {ask.lane} if ask.lane in end.unheard else frozenset()
            heard = replace(end, unheard=end.unheard - {ask.lane})
            try:
                end, effects = _answered(heard, input, now, chance)
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
                state = Offline("the hub's answer cannot be read")
                end, effects = _failed(heard, ask.lane, state, chance)
            return end, (*effects, *(Wake(lane) for lane in Lane if lane in others))
        case Lost(to=ask, why=why):
            end = replace(end, unheard=end.unheard | {ask.lane})
            return _failed(end, ask.lane, _unless_first(end, ask.lane, Offline(why)), chance)
        case Stumbled(lane=lane, why=why):
            return _failed(end, lane, Offline(why), chance)
        case Took():
            return _took(end, input)


def _unless_first(end: End, lane: Lane, state: LinkState) -> LinkState:
    """One request that is lost is no news: another process of the hub may answer the next."""
    before = end.lanes.get(lane, end.state)
    first = not end.failures.get(lane) or lane in end.answered
    return before if first and isinstance(before, Online) else state


def _begin(end: End, lane: Lane) -> End:
    """A lane that comes to its next round after an answer has the failures behind it."""
    if lane not in end.answered:
        return end
    failures = _without(end.failures, lane)
    return replace(end, failures=failures, answered=end.answered - {lane})


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
    owed = due.batch is not None or due.rejoin is not None
    wanted = _wanted(end, due.wanted, now)
    if wanted and (not owed or end.turned_down):
        end = replace(end, turned_down=False)
        return end, (_send(Lane.UP, "GET", f"/v1/blobs/{wanted}", now),)
    if due.rejoin is not None:
        body = msgspec.json.encode(due.rejoin)
        return end, (_send(Lane.UP, "POST", "/v1/rejoin", now, body=body),)
    if due.batch is not None:
        batch = msgspec.structs.replace(due.batch, sent_boottime=now.boottime)
        return end, (_send(Lane.UP, "POST", "/v1/entries", now, body=msgspec.json.encode(batch)),)
    # A lane that has nothing to ask meets nothing: what it met last is no news any more.
    end, told = _tell(replace(end, lanes=_without(end.lanes, Lane.UP), missing=_still(end, now)))
    return end, (*told, Rest(Lane.UP, BEAT_SECONDS, wakes=True))


def _wanted(end: End, wanted: Iterable[str], now: Moment) -> str:
    return next((one for one in wanted if end.missing.get(one, now.boottime) <= now.boottime), "")


def _still(end: End, now: Moment) -> Mapping[str, float]:
    return {one: again for one, again in end.missing.items() if again > now.boottime}


# -- answers


def _answered(end: End, input: Answered, now: Moment, chance: Random) -> Stepped:
    ask, lane = input.to, input.to.lane
    if input.status == 409:
        return _conflict(end, input, now, chance)
    if input.status == 404 and ask.path.startswith("/v1/blobs/"):
        return _missing(end, ask, now)
    if input.status == 201 and ask.path == "/v1/rejoin":
        joined = msgspec.json.decode(input.body, type=Enrolled)
        end, told = _heard(end, joined.server_time, joined.lease_seconds, ask, now)
        return end, (Joined(joined), *told, Wake(Lane.FEED), Rest(lane, 0.0))
    if input.status != 200:
        return _refused(end, input, now, chance)
    match lane:
        case Lane.FEED:
            page = input.page or reading.page(input.body)
            if page.after != dict(ask.query)["after"]:
                raise ValueError("a page of another place in the feed")
            end, told = _heard(end, page.server_time, page.lease_seconds, ask, now)
            quick = now.boottime - ask.boottime < QUICK_SECONDS
            return end, (*told, Take(page, quick))
        case Lane.UP if ask.path == "/v1/entries":
            acked = msgspec.json.decode(input.body, type=Acked)
            end, told = _heard(end, acked.server_time, acked.lease_seconds, ask, now, acked.head)
            end = replace(end, needed=0, turned_down=False, turned_away=False)
            end = replace(end, batch=min(end.batch * 2, BATCH))
            return end, (Settle(acked), *told, Rest(Lane.UP, 0.0))
        case Lane.UP:
            sha256 = ask.path.rpartition("/")[2]
            if hashlib.sha256(input.body).hexdigest() != sha256:
                # One label that was damaged on its way must not keep all others from coming.
                return _missing(end, ask, now)
            end, told = _fetched(_well(end, lane), now)
            return end, (StoreBytes(sha256, input.body), *told, Rest(Lane.UP, 0.0))
        case Lane.BEAT:
            beaten = msgspec.json.decode(input.body, type=Beaten)
            end, told = _heard(end, beaten.server_time, beaten.lease_seconds, ask, now, beaten.head)
            known = () if beaten.hubs in ((), end.hubs) else (KnowHubs(beaten.hubs),)
            end = replace(end, hubs=beaten.hubs or end.hubs)
            return end, (*known, *told, Rest(Lane.BEAT, BEAT_SECONDS))


def _missing(end: End, ask: Ask, now: Moment) -> Stepped:
    still = _still(end, now)
    pause = BEAT_SECONDS * max(1.0, len(still) / MISSED_A_BEAT)
    again = {**still, ask.path.rpartition("/")[2]: now.boottime + pause}
    end = replace(_well(end, ask.lane), missing=again)
    end, told = _fetched(end, now)
    return end, (*told, Rest(ask.lane, 0.0))


def _fetched(end: End, now: Moment) -> Stepped:
    return (end, ()) if end.turned_away else _met(end, Lane.UP, Online(now.wall, end.offset))


def _heard(
    end: End, server: datetime, lease: float, ask: Ask, now: Moment, head: str = ""
) -> Stepped:
    """The hub's clock and the lease come with every answer that has a body of ours."""
    offset = (server - now.wall).total_seconds()
    end = replace(_well(end, ask.lane), offset=offset)
    end, told = _met(end, ask.lane, Online(now.wall, offset))
    if ask.lane is Lane.FEED and not lease:
        return end, told  # a page does not say
    end, held = _hold(end, given(end.lease, lease, ask.boottime, now.boottime, head))
    return end, (*told, *held)


def _hold(end: End, lease: Lease) -> Stepped:
    held = (HoldLease(lease.until),) if lease.until != end.lease.until else ()
    return replace(end, lease=lease), held


def _conflict(end: End, input: Answered, now: Moment, chance: Random) -> Stepped:
    lane = input.to.lane
    if lane is Lane.FEED:
        reset = msgspec.json.decode(input.body, type=Reset)
        end, told = _met(_well(end, lane), lane, Online(now.wall, end.offset))
        # A hub that lost our place may have lost our entries.
        over = (StartOver(reset.epoch), *told, Wake(Lane.UP), Rest(lane, FIRST_PAUSE_SECONDS))
        return end, over
    gap = msgspec.json.decode(input.body, type=Gap)
    end = replace(end, turned_down=True, turned_away=True)
    if gap.fork:
        why = "another machine has gone on with this journal"
        return _failed(end, lane, Unwelcome(why), chance)
    if gap.need == end.needed:
        # It was sent from there, or the bench does not keep entries that old.
        why = f"the hub asks again for entry {gap.need}: enrol this bench anew"
        return _failed(end, lane, Unwelcome(why), chance)
    end = replace(_well(end, lane), needed=gap.need, turned_down=False)
    end, told = _met(end, lane, Online(now.wall, end.offset))
    return end, (Resend(gap.need), *told, Rest(lane, 0.0))


def _refused(end: End, input: Answered, now: Moment, chance: Random) -> Stepped:
    lane, refusal = input.to.lane, _refusal(input)
    why = refusal.error if refusal else f"the hub answered {input.status}"
    if input.to.method == "POST" and lane is Lane.UP:
        end = replace(end, turned_down=True, turned_away=True)
        if input.status == 413 and end.batch > 1:
            return replace(end, batch=end.batch // 2), (Rest(lane, 0.0),)
    match refusal.kind if refusal else None:
        case Kind.CLOCK if refusal is not None:
            # Taken at each refusal, because our clock may have been set since the last; but asked
            # again at once only after the first.
            offset = (refusal.server_time - now.wall).total_seconds()
            first, end = lane not in end.corrected, replace(end, offset=offset)
            if first:
                return replace(end, corrected=end.corrected | {lane}), (Rest(lane, 0.0),)
            return _failed(end, lane, Unwelcome(why), chance)
        case Kind.OUTDATED:
            end, told = _met(_well(end, lane), lane, Outdated(why))
            return end, (*told, Rest(lane, OUTDATED_SECONDS))
        case Kind.UNKNOWN_BENCH | Kind.BAD_SIGNATURE | Kind.NOT_YOURS:
            return _failed(end, lane, Unwelcome(why), chance)
        case _:
            return _failed(end, lane, Offline(why), chance, input.retry_after)


def _refusal(input: Answered) -> Refusal | None:
    """Whatever stands between us and the hub refuses in words of its own."""
    try:
        return msgspec.json.decode(input.body, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _took(end: End, took: Took) -> Stepped:
    page, digest = took.page, took.digest
    caught_up = page.next == page.head
    if caught_up and None not in (digest, page.digest) and digest != page.digest:
        pause = min(STARTING_OVER_SECONDS * 2.0**end.in_a_row, LONGEST_STARTING_OVER_SECONDS)
        row = min(end.in_a_row + 1, 20)
        end = replace(end, mismatches=end.mismatches + 1, in_a_row=row)
        again = StartOver(read(page.head).epoch)
        return end, (again, Wake(Lane.BEAT), Rest(Lane.FEED, pause))
    if digest is not None and digest == page.digest:
        end = replace(end, in_a_row=0)
    news: tuple[Effect, ...] = (Wake(Lane.UP),) if took.wanted else ()
    if not page.changes:
        return end, (*news, Rest(Lane.FEED, FIRST_PAUSE_SECONDS if took.quick else 0.0))
    return end, (*news, Rest(Lane.FEED, BREATH_SECONDS if caught_up else 0.0))


# -- what lanes share


def _well(end: End, lane: Lane) -> End:
    return replace(end, answered=end.answered | {lane}, corrected=end.corrected - {lane})


def _failed(
    end: End, lane: Lane, state: LinkState, chance: Random, at_least: float = 0.0
) -> Stepped:
    times = end.failures.get(lane, 0)
    pause = min(FIRST_PAUSE_SECONDS * 2.0 ** min(times, 20), LONGEST_PAUSE_SECONDS)
    seconds = max(pause * chance.uniform(0.5, 1.0), min(at_least, MOST_PAUSE_SECONDS))
    failures = {**end.failures, lane: times + 1}
    end, told = _met(replace(end, failures=failures, answered=end.answered - {lane}), lane, state)
    return end, (*told, Rest(lane, seconds))


def _met(end: End, lane: Lane, state: LinkState) -> Stepped:
    return _tell(replace(end, lanes={**_without(end.lanes, lane), lane: state}))


def _without(lanes: Mapping[Lane, M], lane: Lane) -> Mapping[Lane, M]:
    return {one: what for one, what in lanes.items() if one != lane}


def _tell(end: End) -> Stepped:
    """Tell the lamp the worst that lanes met, if that is news."""
    old, state = end.state, worst(end.lanes.values())
    if isinstance(state, Online) and isinstance(old, Online):
        if abs((state.at - old.at).total_seconds()) < NEWS_SECONDS:
            return end, ()
    elif state is None or type(state) is type(old):
        return end, ()
    return replace(end, state=state), (Tell(state),)
