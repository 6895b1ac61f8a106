"""How a talk is held: tokens, rates, retries, on real sockets of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from sync.hub import buckets, http
from sync.hub.engine import Store
from sync.hub.http import Line, Stopped, Tokens, retry_after
from sync.ports import Granted, Rate
from sync.talk import Failed, Lost, Request, Response, Talk
from tests.sync.hub.world import opened


class Far:
    """The other side: a list of answers, and what it was asked."""

    def __init__(self, *answers: int | httpx.Response | type[Exception]) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.asked.append(request)
            answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, httpx.Response):
            return answer
        if isinstance(answer, int):
            return httpx.Response(answer, json={"answer": answer})
        raise answer("the wire broke")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made, _, _ = opened(tmp_path)
    yield made
    made.close()


def line(store: Store, far: Far, **more: object) -> Line:
    client = httpx.Client(transport=httpx.MockTransport(far))
    known = {
        "owner": "channel uk",
        "base_url": "http://far.test",
        "rates": {"op": Rate(1000, 1000.0)},
        "store": store,
        "client": client,
        "stop": threading.Event(),
        "pause_seconds": 0.0001,
    }
    return Line(**{**known, **more})  # type: ignore[arg-type]  # put together by name


def asking(request: Request) -> Talk[Response | Lost]:
    """Ask one thing."""
    return (yield request)


ASK = Request("GET", "/thing", "op")
ONCE = Request("POST", "/thing", "op", again=False)


@pytest.mark.parametrize("wrong", [429, 500, 503, 408, httpx.ReadError, httpx.ConnectTimeout])
def test_what_may_pass_is_tried_again(store: Store, wrong: int | type[Exception]) -> None:
    far = Far(wrong, wrong, 200)
    answer = line(store, far).hold(asking(ASK))
    assert isinstance(answer, Response)
    assert answer.status == 200
    assert len(far.asked) == 3


def test_what_a_person_must_put_right_is_not_tried_again(store: Store) -> None:
    far = Far(400)
    answer = line(store, far).hold(asking(ASK))
    assert isinstance(answer, Response)
    assert answer.status == 400
    assert len(far.asked) == 1


def test_tries_have_an_end(store: Store) -> None:
    far = Far(*[503] * 50)
    answer = line(store, far).hold(asking(ASK))
    assert isinstance(answer, Lost)
    assert "503" in answer.why
    assert len(far.asked) == http.TRIES


def test_what_must_not_be_sent_twice_is_sent_once(store: Store) -> None:
    far = Far(httpx.ReadError)
    assert isinstance(line(store, far).hold(asking(ONCE)), Lost)
    assert len(far.asked) == 1


def test_a_hub_that_stops_waits_for_nothing(store: Store) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        line(store, Far(*[503] * 9), stop=stop, pause_seconds=60.0).hold(asking(ASK))


def tokens(**more: object) -> Tokens:
    """Tokens that are numbered."""
    given = {
        "renewal": lambda: Request("POST", "", "token"),
        "granted": lambda answer: Granted(answer.body.decode(), 3600.0),
        "url": "http://far.test/token",
        "dressed": lambda request, token: Request(
            request.method, request.path, request.operation, headers={"token": token}
        ),
    }
    return Tokens(**{**given, **more})  # type: ignore[arg-type]  # put together by name


def token(text: str) -> httpx.Response:
    return httpx.Response(200, text=text)


def test_a_token_is_fetched_once_and_kept(store: Store) -> None:
    far = Far(token("t1"), 200, 200)
    there = line(store, far, tokens=tokens())
    for _ in range(2):
        there.hold(asking(ASK))
    assert [one.url.path for one in far.asked] == ["/token", "/thing", "/thing"]
    assert far.asked[2].headers["token"] == "t1"


def test_a_token_that_died_early_is_renewed_once(store: Store) -> None:
    far = Far(token("t1"), 403, token("t2"), 200)
    answer = line(store, far, tokens=tokens()).hold(asking(ASK))
    assert isinstance(answer, Response)
    assert answer.status == 200
    assert far.asked[-1].headers["token"] == "t2"


def test_a_door_that_stays_shut_is_not_knocked_at_for_ever(store: Store) -> None:
    far = Far(token("t1"), 403, token("t2"), 403)
    answer = line(store, far, tokens=tokens()).hold(asking(ASK))
    assert isinstance(answer, Response)
    assert answer.status == 403
    assert len(far.asked) == 4


def test_a_token_is_renewed_before_it_ends(store: Store) -> None:
    now = [1000.0]
    far = Far(token("t1"), 200, token("t2"), 200)
    there = line(store, far, tokens=tokens(), clock=lambda: now[0])
    there.hold(asking(ASK))
    now[0] += 3600.0 - http.EARLY_SECONDS
    there.hold(asking(ASK))
    assert far.asked[-1].headers["token"] == "t2"


def test_many_threads_fetch_one_token(store: Store) -> None:
    far = Far(token("t1"))
    there = line(store, far, tokens=tokens())
    threads = [threading.Thread(target=lambda: there.hold(asking(ASK))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.url.path for one in far.asked].count("/token") == 1


def test_refused_credentials_are_a_failure(store: Store) -> None:
    def granted(answer: Response) -> Granted:
        raise Failed("check the credentials", again=False)

    with pytest.raises(Failed, match="check"):
        line(store, Far(401), tokens=tokens(granted=granted)).hold(asking(ASK))


def test_a_new_refresh_token_is_kept(store: Store) -> None:
    kept: list[Granted] = []
    more = {"granted": lambda answer: Granted("t", 60.0, "r2"), "kept": kept.append}
    line(store, Far(), tokens=tokens(**more)).hold(asking(ASK))
    assert kept[0].refresh_token == "r2"


def test_a_bucket_is_not_refilled_by_a_restart(store: Store) -> None:
    rate = Rate(2, 0.5)
    with store.write() as connection:
        waits = [buckets.take(connection, "c", "op", rate, 100.0) for _ in range(3)]
    assert waits == [0.0, 0.0, 2.0]
    with store.write() as connection:  # another life
        assert buckets.take(connection, "c", "op", rate, 101.0) == 1.0
        assert buckets.take(connection, "c", "op", rate, 102.0) == 0.0


def test_a_bucket_never_holds_more_than_its_burst(store: Store) -> None:
    with store.write() as connection:
        buckets.take(connection, "c", "op", Rate(3, 1.0), 0.0)
        assert buckets.level(connection, "c", "op", Rate(3, 1.0), 1e9) == (3.0, 1.0)


def test_the_rate_that_an_answer_tells_is_believed(store: Store) -> None:
    far = Far(httpx.Response(200, headers={"x-limit": "0.25"}))
    line(store, far, rate_header="x-limit").hold(asking(ASK))
    with store.read() as connection:
        _, rate = buckets.level(connection, "channel uk", "op", Rate(1, 1.0), time.time())
    assert rate == 0.25


def test_a_429_empties_the_bucket(store: Store) -> None:
    there = line(store, Far(429, 200))
    there.hold(asking(ASK))
    with store.read() as connection:
        tokens, _ = buckets.level(connection, "channel uk", "op", Rate(1000, 1.0), time.time())
    assert tokens < 900


def test_a_bucket_that_is_empty_for_long_is_not_waited_for(store: Store) -> None:
    there = line(store, Far(), rates={"op": Rate(1, 1e-9)})
    there.hold(asking(ASK))
    with pytest.raises(Failed, match="so often"):
        there.hold(asking(ASK))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("3", 3.0), ("", None), ("soon", None), ("-1", None)],
)
def test_retry_after_is_read(said: str, seconds: float | None) -> None:
    assert retry_after(Response(429, b"", {"retry-after": said}), 0.0) == seconds


def test_retry_after_may_be_a_date() -> None:
    at = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
    answer = Response(503, b"", {"retry-after": format_datetime(at, usegmt=True)})
    assert retry_after(answer, at.timestamp() - 30) == 30.0
