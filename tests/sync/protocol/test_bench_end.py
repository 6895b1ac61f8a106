"""What the bench's end of the link does next: each input, in each state that matters."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.orders import Entry, apply, facts
from sync.protocol import bench_end, reading
from sync.protocol.bench_end import End, Stepped
from sync.protocol.cursor import Cursor
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
)
from sync.protocol.messages import (
    Acked,
    Batch,
    Beaten,
    Change,
    Enrolled,
    Gap,
    Heartbeat,
    Kind,
    Numbered,
    Page,
    Refusal,
    Rejoin,
    Reset,
)
from tests.builders import NOON, a_label, an_order, up_to_close

NOW = Moment(boottime=1_000.0, wall=NOON)
LABEL = b"^XA^XZ"
SHA = hashlib.sha256(LABEL).hexdigest()


def step(end: End, input: Input, now: Moment = NOW, chance: float = 1.0) -> Stepped:
    return bench_end.step(end, input, now, Fixed(chance))


class Fixed(Random):
    """Chance that always says the same: this part of what it was asked for."""

    def __init__(self, part: float) -> None:
        super().__init__(0)
        self.part = part

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.part


def asks(lane: Lane, boottime: float = 999.5, path: str = "") -> Ask:
    method, paths = {
        Lane.FEED: ("GET", "/v1/feed"),
        Lane.UP: ("POST", "/v1/entries"),
        Lane.BEAT: ("POST", "/v1/heartbeat"),
    }[lane]
    query = (("after", "1.4"),) if lane is Lane.FEED else ()
    return Ask(lane, method, path or paths, query, b"", boottime)


def answer(
    lane: Lane, body: msgspec.Struct | bytes, status: int = 200, retry_after: float = 0.0
) -> Answered:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Answered(asks(lane), status, data, retry_after)


def fetched(status: int, data: bytes) -> Answered:
    return Answered(asks(Lane.UP, path=f"/v1/blobs/{SHA}"), status, data)


def refusal(kind: Kind, at: datetime = NOON) -> Refusal:
    return Refusal(kind=kind, error="a sentence", server_time=at)


def a_page(**but: object) -> Page:
    page = Page(after="1.4", next="1.5", head="1.5", changes=(a_change(),), server_time=NOON)
    return msgspec.structs.replace(page, **but)


def a_change(*, labelled: bool = False) -> Change:
    order = an_order()
    order = apply(order, up_to_close(order)[0])
    if labelled:
        parcel = f"{order.shipments[0].id}/1"
        label = msgspec.structs.replace(a_label(order, "RR1"), sha256=SHA)
        happened = (
            facts.ParcelPlanned(parcel=parcel),
            facts.LabelRequested(parcel=parcel, key="k", grams=1, address=label.address),
            facts.LabelBought(parcel=parcel, label=label),
        )
        for fact in happened:
            order = apply(order, fact)
    return Change(seq=5, shipment=order.shipments[0].id, order=order, through=0)


def a_batch() -> Batch:
    order = an_order()
    started = facts.PackStarted(shipment=order.shipments[0].id)
    entry = Entry(id="e1", order=order.id, at=NOON, bench="b1", fact=started)
    one = Numbered(seq=5, entry=entry, hash="h")
    return Batch(bench="b1", incarnation=1, previous="p", boot="boot", entries=(one,))


ACKED = Acked(acked=5, verdicts=(), server_time=NOON)
BEATEN = Beaten(server_time=NOON)
ONLINE = Online(NOON)
WELL = End(state=ONLINE, lanes=dict.fromkeys(Lane, ONLINE))


def of(kind: type[Effect], effects: tuple[Effect, ...]) -> list[Effect]:
    return [effect for effect in effects if isinstance(effect, kind)]


def rest(effects: tuple[Effect, ...]) -> Rest:
    """The one rest that each round must end with."""
    (only,) = of(Rest, effects)
    assert isinstance(only, Rest)
    return only


# -- what a due lane asks


def test_the_feed_is_asked_from_where_the_store_is() -> None:
    _, effects = step(End(), FeedDue(Cursor(3, 17)))
    (send,) = effects
    assert isinstance(send, Send)
    assert send.ask.path == "/v1/feed"
    assert dict(send.ask.query) == {"after": "3.17", "wait": "25", "limit": "1000"}
    assert send.ask.boottime == NOW.boottime


@pytest.mark.parametrize(
    ("end", "due", "asked"),
    [
        (End(), UpDue(a_batch()), "/v1/entries"),
        (End(), UpDue(a_batch(), (SHA,)), "/v1/entries"),
        (End(), UpDue(None, (SHA,)), f"/v1/blobs/{SHA}"),
        (End(), UpDue(None), None),
        (End(missing={SHA: 1_001.0}), UpDue(None, (SHA,)), None),
        (End(missing={SHA: 1_001.0}), UpDue(None, (SHA, "b" * 64)), f"/v1/blobs/{'b' * 64}"),
        (End(missing={SHA: 999.0}), UpDue(None, (SHA,)), f"/v1/blobs/{SHA}"),
        (End(turned_down=True), UpDue(a_batch(), (SHA,)), f"/v1/blobs/{SHA}"),
        (End(turned_down=True), UpDue(a_batch()), "/v1/entries"),
    ],
)
def test_entries_go_first_then_bytes_and_bytes_that_are_not_there_keep_none_back(
    end: End, due: UpDue, asked: str | None
) -> None:
    after, effects = step(end, due)
    if asked is None:
        assert rest(effects) == Rest(Lane.UP, bench_end.BEAT_SECONDS, wakes=True)
        return
    (send,) = effects
    assert isinstance(send, Send)
    assert send.ask.path == asked
    assert after.turned_down is (end.turned_down and asked == "/v1/entries")


def test_a_batch_says_when_it_was_sent_and_a_heartbeat_what_went_wrong() -> None:
    _, (send,) = step(End(), UpDue(a_batch()))
    assert isinstance(send, Send)
    batch = msgspec.json.decode(send.ask.body, type=Batch)
    assert (batch.sent_boottime, batch.boot) == (1_000.0, "boot")
    _, (send,) = step(End(mismatches=2), BeatDue(Heartbeat(bench="b1")))
    assert isinstance(send, Send)
    beat = msgspec.json.decode(send.ask.body, type=Heartbeat)
    assert (beat.mismatches, beat.at) == (2, NOON)


# -- what an answer means


def test_a_page_is_stored_and_what_comes_then_is_said_when_it_was() -> None:
    end, effects = step(End(), answer(Lane.FEED, a_page()))
    assert effects == (Tell(ONLINE), Take(reading.page(msgspec.json.encode(a_page())), quick=True))
    assert not of(Rest, effects), "the next page is not asked for before this one is stored"
    assert end.state == ONLINE


@pytest.mark.parametrize(
    ("page", "quick", "seconds"),
    [
        (a_page(), False, bench_end.BREATH_SECONDS),
        (a_page(head="1.9"), False, 0.0),
        (a_page(changes=()), False, 0.0),
        (a_page(changes=()), True, bench_end.FIRST_PAUSE_SECONDS),
        (a_page(changes=(), head="1.9"), True, bench_end.FIRST_PAUSE_SECONDS),
    ],
)
def test_a_busy_feed_takes_breath_and_one_that_does_not_wait_is_not_run_over(
    page: Page, quick: bool, seconds: float
) -> None:
    _, effects = step(WELL, Took(page, None, quick))
    assert rest(effects) == Rest(Lane.FEED, seconds)


@pytest.mark.parametrize("wanted", [True, False])
def test_only_a_page_that_names_bytes_that_are_not_here_wakes_the_lane_that_fetches_them(
    wanted: bool,
) -> None:
    _, effects = step(WELL, Took(a_page(changes=(a_change(labelled=True),)), None, wanted=wanted))
    assert (Wake(Lane.UP) in effects) is wanted


def test_a_page_of_another_place_is_no_answer() -> None:
    _, effects = step(WELL, answer(Lane.FEED, a_page(after="1.3")))
    assert not of(Take, effects)
    assert rest(effects).seconds > 0


def test_acknowledged_entries_are_settled_and_the_next_go_at_once() -> None:
    end, effects = step(replace(WELL, needed=3), answer(Lane.UP, ACKED))
    assert effects == (Settle(ACKED), HoldLease(math.inf), Rest(Lane.UP, 0.0))
    assert end.needed == 0


def test_a_heartbeat_that_was_heard_comes_again_in_a_while() -> None:
    _, effects = step(WELL, answer(Lane.BEAT, BEATEN))
    assert rest(effects) == Rest(Lane.BEAT, bench_end.BEAT_SECONDS)


@pytest.mark.parametrize(
    ("status", "data", "stored"), [(200, LABEL, True), (200, LABEL[:3], False), (404, b"", False)]
)
def test_only_whole_bytes_are_stored_and_the_others_are_asked_for_later(
    status: int, data: bytes, stored: bool
) -> None:
    end, effects = step(WELL, fetched(status, data))
    assert of(StoreBytes, effects) == ([StoreBytes(SHA, LABEL)] if stored else [])
    assert (SHA in end.missing) is not stored
    assert rest(effects) == Rest(Lane.UP, 0.0)


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"{}", b"<html>"])
@pytest.mark.parametrize("status", [200, 409])
def test_an_answer_that_nobody_can_read_is_a_failure_like_another(
    lane: Lane, body: bytes, status: int
) -> None:
    end, effects = step(WELL, answer(lane, body, status))
    assert rest(effects).seconds > 0
    assert isinstance(end.state, Offline)
    kinds = (Take, Settle, StoreBytes, StartOver, Resend, HoldLease)
    assert not [effect for effect in effects if isinstance(effect, kinds)]


# -- the hub's clock


def test_a_moment_that_is_too_far_is_corrected_and_the_request_made_again_once() -> None:
    ahead = NOON + timedelta(hours=1)
    turned_down = answer(Lane.UP, refusal(Kind.CLOCK, ahead), 401)
    end, effects = step(WELL, turned_down)
    assert effects == (Rest(Lane.UP, 0.0),)
    assert end.offset == 3_600
    end, effects = step(end, turned_down)
    assert isinstance(end.state, Unwelcome)
    assert rest(effects).seconds > 0


def test_a_clock_that_is_set_while_the_hub_refuses_it_is_found_out_all_the_same() -> None:
    end = WELL
    for hours in (1, 0, 5):
        end, _ = step(end, answer(Lane.UP, refusal(Kind.CLOCK, NOON + timedelta(hours=hours)), 401))
    assert end.offset == 5 * 3_600


def test_an_answer_forgives_the_correction() -> None:
    end, _ = step(WELL, answer(Lane.BEAT, refusal(Kind.CLOCK), 401))
    assert end.corrected == {Lane.BEAT}
    end, _ = step(end, answer(Lane.BEAT, BEATEN))
    assert not end.corrected


def test_the_lamp_hears_how_far_the_clocks_are_apart() -> None:
    late = Beaten(server_time=NOON - timedelta(minutes=5))
    end, _ = step(End(), answer(Lane.BEAT, late))
    assert end.state == Online(NOON, -300.0)


# -- a hub that lost something, or met another


def test_a_feed_that_is_unknown_is_read_anew_and_the_hub_told_what_it_may_have_lost() -> None:
    _, effects = step(WELL, answer(Lane.FEED, Reset(epoch=4, reason="restored"), 409))
    assert effects == (
        StartOver(4),
        Wake(Lane.UP),
        Rest(Lane.FEED, bench_end.FIRST_PAUSE_SECONDS),
    )


def test_a_gap_is_filled_once_and_asked_for_twice_it_is_said() -> None:
    end, effects = step(WELL, answer(Lane.UP, Gap(need=3), 409))
    assert effects == (Resend(3), Rest(Lane.UP, 0.0))
    end, effects = step(end, answer(Lane.UP, Gap(need=3), 409))
    assert isinstance(end.state, Unwelcome)
    assert not of(Resend, effects)
    assert rest(effects).seconds > 0
    end, effects = step(end, answer(Lane.UP, Gap(need=2), 409))
    assert Resend(2) in effects, "another gap is another matter"


def test_a_fork_is_said_and_tried_again_slowly() -> None:
    end, times = WELL, []
    for _ in range(12):
        end, effects = step(end, answer(Lane.UP, Gap(need=3, fork=True), 409))
        assert not of(Resend, effects)
        times.append(rest(effects).seconds)
    assert isinstance(end.state, Unwelcome)
    assert times[-1] == bench_end.LONGEST_PAUSE_SECONDS


def test_a_feed_whose_digest_is_wrong_is_read_anew_less_and_less_often() -> None:
    end, times = WELL, []
    page = a_page(digest=7)
    for _ in range(12):
        end, effects = step(end, Took(page, 8))
        assert effects[:2] == (StartOver(1), Wake(Lane.BEAT))
        times.append(rest(effects).seconds)
    assert times[0] == bench_end.STARTING_OVER_SECONDS
    assert times[-1] == bench_end.LONGEST_STARTING_OVER_SECONDS
    assert end.mismatches == 12
    end, effects = step(end, Took(page, 7))
    assert not of(StartOver, effects)
    assert (end.mismatches, end.in_a_row) == (12, 0)


@pytest.mark.parametrize(("ours", "theirs"), [(None, 7), (8, None), (None, None)])
def test_a_digest_that_was_not_counted_says_nothing(ours: int | None, theirs: int | None) -> None:
    _, effects = step(WELL, Took(a_page(digest=theirs), ours))
    assert not of(StartOver, effects)


def test_a_journal_with_a_gap_joins_anew_before_any_entry_goes_up() -> None:
    rejoin = Rejoin(after=7, hash="ab" * 32)
    _, (send,) = step(WELL, UpDue(None, (), rejoin))
    assert isinstance(send, Send)
    assert (send.ask.method, send.ask.path) == ("POST", "/v1/rejoin")
    assert msgspec.json.decode(send.ask.body, type=Rejoin) == rejoin
    enrolled = Enrolled(bench="b1", incarnation=2, epoch=1, server_time=NOON)
    body = msgspec.json.encode(enrolled)
    _, effects = step(WELL, Answered(send.ask, 201, body))
    assert effects[0] == Joined(enrolled)
    assert rest(effects) == Rest(Lane.UP, 0.0)


def test_a_bench_that_may_not_join_anew_says_so_and_its_labels_come_all_the_same() -> None:
    rejoin = Rejoin(after=7, hash="ab" * 32)
    ask = asks(Lane.UP, path="/v1/rejoin")
    body = msgspec.json.encode(refusal(Kind.UNKNOWN_BENCH))
    end, effects = step(WELL, Answered(ask, 401, body))
    assert isinstance(end.state, Unwelcome)
    assert rest(effects).seconds > 0
    _, (send,) = step(end, UpDue(None, (SHA,), rejoin))
    assert isinstance(send, Send)
    assert send.ask.path == f"/v1/blobs/{SHA}"


# -- refusals


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        (Kind.UNKNOWN_BENCH, 401, Unwelcome),
        (Kind.BAD_SIGNATURE, 401, Unwelcome),
        (Kind.NOT_YOURS, 403, Unwelcome),
        (Kind.OUTDATED, 426, Outdated),
        (Kind.TOO_MANY, 429, Offline),
        (Kind.BUSY, 503, Offline),
        (Kind.UNREADABLE, 400, Offline),
        (Kind.NOT_THERE, 404, Offline),
        (Kind.NOT_ALLOWED, 405, Offline),
    ],
)
@pytest.mark.parametrize("lane", list(Lane))
def test_each_refusal_has_its_state_and_the_lane_goes_on_trying(
    lane: Lane, kind: Kind, status: int, state: type[LinkState]
) -> None:
    end, effects = step(WELL, answer(lane, refusal(kind), status))
    assert isinstance(end.state, state)
    assert of(Tell, effects) == [Tell(end.state)]
    assert rest(effects).lane is lane
    assert rest(effects).seconds > 0


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "at_least"), [(0.0, 0.0), (7.0, 7.0), (86_400.0, bench_end.MOST_PAUSE_SECONDS)]
)
def test_a_hub_that_asks_for_time_gets_it_within_reason(
    status: int, said: float, at_least: float
) -> None:
    kind = Kind.TOO_MANY if status == 429 else Kind.BUSY
    _, effects = step(WELL, answer(Lane.UP, refusal(kind), status, retry_after=said))
    assert rest(effects).seconds == max(at_least, bench_end.FIRST_PAUSE_SECONDS)


def test_words_of_a_proxy_are_no_refusal_of_the_hubs() -> None:
    end, _ = step(WELL, answer(Lane.FEED, b"<html>502 Bad Gateway</html>", 502))
    assert end.state == Offline("the hub answered 502")


def test_a_batch_that_is_too_large_goes_in_halves_until_it_is_taken() -> None:
    end = WELL
    for half in (250, 125, 62):
        end, effects = step(end, answer(Lane.UP, refusal(Kind.TOO_LARGE), 413))
        assert (end.batch, rest(effects).seconds) == (half, 0.0)
    end, _ = step(end, answer(Lane.UP, ACKED))
    assert end.batch == 124
    end, effects = step(replace(end, batch=1), answer(Lane.UP, refusal(Kind.TOO_LARGE), 413))
    assert rest(effects).seconds > 0


def test_labels_come_down_although_the_hub_turns_the_entries_down() -> None:
    end, _ = step(WELL, answer(Lane.UP, Gap(need=3, fork=True), 409))
    end, (send,) = step(end, UpDue(a_batch(), (SHA,)))
    assert isinstance(send, Send)
    assert send.ask.path == f"/v1/blobs/{SHA}"
    end, _ = step(end, fetched(200, LABEL))
    end, (send,) = step(end, UpDue(a_batch(), ("b" * 64,)))
    assert isinstance(send, Send)
    assert send.ask.path == "/v1/entries", "a thousand labels do not keep the entries back"


# -- back-off


def test_back_off_doubles_to_its_bound_and_an_answer_ends_it() -> None:
    end, times = WELL, []
    for _ in range(10):
        end, effects = step(end, Lost(asks(Lane.FEED), "gone"))
        times.append(rest(effects).seconds)
    assert times == [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15, 15]
    end, _ = step(end, answer(Lane.FEED, a_page()))
    end, _ = step(end, FeedDue(Cursor(1, 5)))
    _, effects = step(end, Lost(asks(Lane.FEED), "gone"))
    assert rest(effects).seconds == 0.25


@given(st.integers(0, 10_000), st.floats(0, 1), st.sampled_from(Lane))
def test_however_often_it_failed_a_pause_is_bounded_and_never_nothing(
    times: int, chance: float, lane: Lane
) -> None:
    end = replace(WELL, failures={lane: times})
    _, effects = step(end, Lost(asks(lane), "gone"), chance=chance)
    assert 0.125 <= rest(effects).seconds <= bench_end.LONGEST_PAUSE_SECONDS


def test_a_full_disk_backs_its_lane_off_although_the_hub_answers_each_time() -> None:
    end, times = WELL, []
    for _ in range(8):
        end, _ = step(end, FeedDue(Cursor(1, 4)))
        end, _ = step(end, answer(Lane.FEED, a_page()))
        end, effects = step(end, Stumbled(Lane.FEED, "Full"))
        times.append(rest(effects).seconds)
    assert times == [0.25, 0.5, 1, 2, 4, 8, 15, 15]
    assert isinstance(end.state, Offline)


def test_one_lanes_failures_do_not_slow_another() -> None:
    _, effects = step(replace(WELL, failures={Lane.UP: 9}), Lost(asks(Lane.BEAT), "gone"))
    assert rest(effects).seconds == 0.25


# -- the lamp


def test_the_lamp_shows_the_worst_that_a_lane_met_until_that_lane_is_well() -> None:
    end, effects = step(WELL, answer(Lane.FEED, refusal(Kind.OUTDATED), 426))
    assert rest(effects).seconds == bench_end.OUTDATED_SECONDS
    later = replace(NOW, wall=NOON + timedelta(seconds=3))
    end, effects = step(end, answer(Lane.BEAT, BEATEN), later)
    assert not of(Tell, effects), "a heartbeat that is heard does not feed the bench"
    end, effects = step(end, answer(Lane.FEED, a_page()), later)
    assert [type(one.state) for one in effects if isinstance(one, Tell)] == [Online]


@pytest.mark.parametrize("status", [200, 404])
def test_a_copied_bench_says_so_without_a_break_although_its_labels_come(status: int) -> None:
    end, _ = step(WELL, answer(Lane.UP, Gap(need=3, fork=True), 409))
    end, _ = step(end, UpDue(a_batch(), (SHA,)))
    end, effects = step(end, fetched(status, LABEL))
    assert isinstance(end.state, Unwelcome)
    assert not of(Tell, effects)
    end, effects = step(end, answer(Lane.UP, ACKED))
    assert [type(one.state) for one in effects if isinstance(one, Tell)] == [Online]


def test_a_lane_that_has_nothing_to_ask_is_not_bad_news_for_ever() -> None:
    end, _ = step(WELL, Lost(asks(Lane.UP, path=f"/v1/blobs/{SHA}"), "gone"))
    end, _ = step(end, Lost(asks(Lane.UP, path=f"/v1/blobs/{SHA}"), "gone"))
    assert isinstance(end.state, Offline)
    end, effects = step(end, UpDue(None))
    assert isinstance(end.state, Online)
    assert of(Tell, effects)


def test_once_a_second_is_news_enough_of_a_hub_that_answers() -> None:
    end, told = WELL, 0
    for tenth in range(30):
        now = replace(NOW, wall=NOON + timedelta(seconds=tenth / 10))
        end, effects = step(end, answer(Lane.BEAT, BEATEN), now)
        told += len(of(Tell, effects))
    assert told == 2


def test_the_first_lane_that_is_heard_after_a_cut_calls_the_others() -> None:
    end = WELL
    for lane in Lane:
        end, _ = step(end, Lost(asks(lane), "gone"))
    end, effects = step(end, answer(Lane.BEAT, BEATEN))
    assert of(Wake, effects) == [Wake(Lane.FEED), Wake(Lane.UP)]
    end, effects = step(end, answer(Lane.BEAT, BEATEN))
    assert not of(Wake, effects), "a lane that goes on failing is not called at each heartbeat"


def test_a_lane_that_was_asked_to_wait_is_not_called() -> None:
    end, _ = step(WELL, answer(Lane.UP, refusal(Kind.BUSY), 503, retry_after=30.0))
    end, _ = step(end, Lost(asks(Lane.BEAT), "gone"))
    _, effects = step(end, answer(Lane.BEAT, BEATEN))
    assert not of(Wake, effects)


def test_a_thousand_labels_that_the_hub_has_not_do_not_use_up_the_benchs_share() -> None:
    wanted = tuple(hashlib.sha256(b"%d" % n).hexdigest() for n in range(1_000))
    end, seconds, asked = WELL, 1_000.0, 0
    while seconds < 1_300.0:
        now = Moment(seconds, NOON)
        end, (first, *_) = step(end, UpDue(None, wanted), now)
        if isinstance(first, Send):
            asked += seconds > 1_100.0
            end, _ = step(end, Answered(first.ask, 404, b""), now)
            seconds += 0.01
        else:
            seconds += bench_end.BEAT_SECONDS
    assert 0 < asked < 200 * 10, "ten a second at most, and it never gives up"


# -- the lease


@pytest.mark.parametrize(
    ("lease", "until"),
    [(100.0, 999.5 + 90.0), (43_200.0, 999.5 + 43_140.0), (0.0, math.inf)],
)
def test_a_lease_counts_from_when_it_was_asked_for_and_ends_before_the_hubs(
    lease: float, until: float
) -> None:
    beaten = Beaten(lease_seconds=lease, server_time=NOON)
    _, effects = step(WELL, answer(Lane.BEAT, beaten))
    assert of(HoldLease, effects) == [HoldLease(until)]


def test_a_request_that_waited_at_the_hub_does_not_shorten_the_lease() -> None:
    long = Beaten(lease_seconds=100.0, server_time=NOON)
    end, _ = step(WELL, answer(Lane.BEAT, long))
    old = Answered(asks(Lane.FEED, boottime=975.0), 200, msgspec.json.encode(a_page()))
    _, effects = step(end, old)
    assert not of(HoldLease, effects)


def test_an_order_that_comes_in_does_not_let_the_bench_begin_for_ever() -> None:
    end, _ = step(WELL, answer(Lane.BEAT, Beaten(lease_seconds=100.0, server_time=NOON)))
    page = Answered(asks(Lane.FEED, boottime=1_001.0), 200, msgspec.json.encode(a_page()))
    _, effects = step(end, page, Moment(1_001.0, NOON))
    assert of(Take, effects)
    assert not of(HoldLease, effects), "a page says nothing of the lease"


def test_a_hub_that_gives_shorter_leases_is_heard() -> None:
    end, _ = step(WELL, answer(Lane.BEAT, Beaten(lease_seconds=43_200.0, server_time=NOON)))
    later = Answered(
        asks(Lane.BEAT, boottime=1_002.0),
        200,
        msgspec.json.encode(Beaten(lease_seconds=1_800.0, server_time=NOON)),
    )
    _, effects = step(end, later)
    assert of(HoldLease, effects) == [HoldLease(1_002.0 + 1_740.0)]


# -- whatever comes


BODIES = [
    b"",
    b"{",
    *(msgspec.json.encode(one) for one in (ACKED, BEATEN, a_page(), Gap(need=1), Gap(need=2))),
    msgspec.json.encode(Gap(need=1, fork=True)),
    msgspec.json.encode(Reset(epoch=2, reason="")),
    *(msgspec.json.encode(refusal(kind)) for kind in Kind),
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Lane),
            st.sampled_from([200, 400, 401, 403, 404, 409, 413, 426, 429, 500, 503]),
            st.sampled_from(BODIES),
        ),
        max_size=12,
    )
)
def test_whatever_the_hub_says_each_round_ends_with_a_rest_or_a_page(
    said: list[tuple[Lane, int, bytes]],
) -> None:
    end = End()
    for lane, status, body in said:
        end, effects = step(end, answer(lane, body, status))
        took = of(Take, effects)
        assert len(of(Rest, effects)) + len(took) == 1
        for take in took:
            assert isinstance(take, Take)
            end, effects = step(end, Took(take.page, None, take.quick))
            assert rest(effects).lane is lane
    assert end.offset == pytest.approx(0.0)


@pytest.mark.parametrize("lane", list(Lane))
def test_one_lost_request_is_no_news_and_the_second_is(lane: Lane) -> None:
    end, first = step(WELL, Lost(asks(lane), "gone"))
    assert not of(Tell, first)
    _, second = step(end, Lost(asks(lane), "gone"))
    assert [type(told.state) for told in of(Tell, second) if isinstance(told, Tell)] == [Offline]


def test_a_bench_that_never_reached_its_hub_says_so_at_once() -> None:
    _, effects = step(End(), Lost(asks(Lane.FEED), "gone"))
    assert of(Tell, effects)


def test_the_hubs_processes_are_told_of_when_they_change() -> None:
    hubs = ("http://a:1", "http://b:1")
    end, effects = step(WELL, answer(Lane.BEAT, Beaten(hubs=hubs, server_time=NOON)))
    assert of(KnowHubs, effects) == [KnowHubs(hubs)]
    end, again = step(end, answer(Lane.BEAT, Beaten(hubs=hubs, server_time=NOON)))
    assert not of(KnowHubs, again)
    _, silent = step(end, answer(Lane.BEAT, BEATEN))
    assert not of(KnowHubs, silent), "a hub that does not say so has not moved"
