"""The loop that talks to the hub: feed down, entries up, labels fetched ahead.

Three threads: one waits at the feed, one sends entries as they are written and fetches bytes that
orders name, one tells the hub that the bench lives. Each does one thing until it is stopped, backs
off when the hub is away, and says so to the lamp. A scan waits for none of them.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from sync.client.keep import Keep
from sync.protocol import VERSION
from sync.protocol.messages import Acked, Enrol, Enrolled, Gap, Page, Reset

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

WAIT_SECONDS = 25
"""How long the hub may keep a feed request that has nothing to say: below the 30 s after which
common proxies cut an idle connection."""
_READ_SECONDS = WAIT_SECONDS + 10.0
_CONNECT_SECONDS = 3.0
_BATCH = 500
_PAGE = 200
"""Rows a page: a scan waits for at most one page to be written, some 30 ms."""
BREATH_SECONDS = 0.1
"""After a page that brought us up to date. On a busy floor changes come one by one, and a page for
each would take half of the bench's time; ten pages a second take little, and nobody sees 0.1 s."""
_BEAT_SECONDS = 3.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 15.0
"""Seconds of back-off; the real pause is a random part of it, so that fifty benches do not knock
together when the hub comes back."""


@dataclass(frozen=True, slots=True)
class Online:
    """The hub answers; `at` is when it last did, by the bench's own clock."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Offline:
    """The hub does not answer; the bench goes on."""

    why: str


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """The hub does not know this bench (any more): enrol again."""

    why: str


LinkState = Online | Offline | Unwelcome


class _HubAway(Exception):
    """The hub did not answer, or answered that it cannot now."""


class _NotWelcome(Exception):
    """The hub refused the bench itself."""


class Link:
    """Keeps one bench in step with the hub until stopped."""

    def __init__(self, url: str, keep: Keep, told: Callable[[LinkState], None]) -> None:
        """Prepare; `start` begins.

        `told` is called in a thread of the link at each change: it must only pass things on.
        """
        self._url = url.rstrip("/")
        self._keep = keep
        self._told = told
        self._stopping = threading.Event()
        self._owing = threading.Event()
        self._state: LinkState | None = None
        self._reached = threading.Event()
        self._threads = [
            threading.Thread(target=self._forever, args=(job,), name=f"link-{name}", daemon=True)
            for name, job in (("feed", self._feed), ("up", self._up), ("beat", self._beat))
        ]

    def start(self) -> None:
        """Begin to talk to the hub."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something was written that the hub should have."""
        self._owing.set()

    def stop(self, timeout: float = 2.0) -> None:
        """Stop; a request that hangs is left to die with the process."""
        self._stopping.set()
        self._owing.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    # -- the three jobs: each does one round and says how long to wait for the next

    def _feed(self, hub: httpx.Client) -> float:
        after = self._keep.cursor()
        query = {"after": str(after), "wait": str(WAIT_SECONDS), "limit": str(_PAGE)}
        response = self._ask(hub, "GET", "/v1/feed", query=query)
        if response.status_code == 409:
            self._keep.reset(msgspec.json.decode(response.content, type=Reset).epoch)
            self._owing.set()  # a hub that lost our place may have lost our entries
            return _FIRST_PAUSE
        page = msgspec.json.decode(response.content, type=Page)
        self._keep.take(page)
        self._owing.set()  # the page may name labels to fetch
        return BREATH_SECONDS if page.changes and page.next == page.head else 0.0

    def _up(self, hub: httpx.Client) -> float:
        self._owing.wait(_BEAT_SECONDS)
        self._owing.clear()
        while not self._stopping.is_set() and (batch := self._keep.batch(_BATCH)) is not None:
            body = msgspec.json.encode(batch)
            response = self._ask(hub, "POST", "/v1/entries", body=body)
            if response.status_code == 409:
                gap = msgspec.json.decode(response.content, type=Gap)
                if gap.fork:
                    raise _NotWelcome("another bench has gone on with this journal")
                if gap.need == batch.entries[0].seq:
                    raise _HubAway(f"the hub asks again for entry {gap.need}, which it was sent")
                self._keep.rewind(gap.need)
            else:
                self._keep.acked(msgspec.json.decode(response.content, type=Acked))
        for sha256 in self._keep.wanted_blobs():
            self._fetch(hub, sha256)
            if self._owing.is_set():
                break  # what was just done, and perhaps a label asked for, goes first
        return 0.0

    def _fetch(self, hub: httpx.Client, sha256: str) -> None:
        response = self._ask(hub, "GET", f"/v1/blobs/{sha256}")
        if response.status_code != 200:
            return
        try:
            self._keep.put_blob(sha256, response.content)
        except ValueError as e:
            # One label that was damaged on its way must not keep all others from coming.
            log.warning("bytes not taken: %s", e)

    def _beat(self, hub: httpx.Client) -> float:
        body = msgspec.json.encode(self._keep.heartbeat())
        self._ask(hub, "POST", "/v1/heartbeat", body=body)
        return _BEAT_SECONDS

    # -- what they share

    def _forever(self, job: Callable[[httpx.Client], float]) -> None:
        # httpx takes 0.2 s to import: the bench's first screen does not wait for it.
        import httpx

        pause = _FIRST_PAUSE
        timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        try:
            client = httpx.Client(base_url=self._url, timeout=timeout)
        except httpx.InvalidURL as e:
            self._say(Unwelcome(f"{self._url} is no address of a hub ({e})"))
            return
        with client as hub:
            while not self._stopping.is_set():
                wait = self._round(job, hub)
                if wait is not None:
                    pause = _FIRST_PAUSE
                    self._stopping.wait(wait)
                    continue
                # Chance only spreads the knocks; nothing is decided by it.
                self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _round(self, job: Callable[[httpx.Client], float], hub: httpx.Client) -> float | None:
        """Do one round; None when it failed. The thread outlives whatever went wrong."""
        state: LinkState
        try:
            return job(hub)
        except (_HubAway, msgspec.DecodeError) as e:
            state = Offline(str(e))
        except _NotWelcome as e:
            state = Unwelcome(str(e))
        except Exception as e:  # noqa: BLE001 -- a full disk or our mistake must not end the link
            # By class and place alone: what went wrong may quote an address.
            at = " < ".join(f"{f.name}:{f.lineno}" for f in traceback.extract_tb(e.__traceback__))
            log.error("%s failed: %s at %s", job.__name__, type(e).__name__, at)
            state = Offline(type(e).__name__)
        self._say(state)
        return None

    def _ask(
        self,
        hub: httpx.Client,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> httpx.Response:
        import httpx  # loaded by now: see _forever

        me = self._keep.enrolled()
        if me is None:
            raise _NotWelcome("this bench is not enrolled: packbench enrol HUB-URL CODE")
        headers = {"Authorization": f"Bench {me.token}", "X-Packbench-Version": str(VERSION)}
        if body:
            headers["Content-Type"] = "application/json"
        try:
            response = hub.request(method, path, params=query, content=body, headers=headers)
        except httpx.HTTPError as e:
            raise _HubAway(str(e) or type(e).__name__) from e
        if response.status_code in (401, 403):
            raise _NotWelcome("the hub does not know this bench: packbench enrol HUB-URL CODE")
        if response.status_code not in (200, 404, 409):
            raise _HubAway(f"the hub answered {response.status_code}")
        self._say(Online(datetime.now(UTC)))
        return response

    def _say(self, state: LinkState) -> None:
        # Once a second is news enough of a hub that answers.
        old, self._state = self._state, state
        if isinstance(state, Online) and isinstance(old, Online):
            if (state.at - old.at).total_seconds() < 1.0:
                self._state = old
                return
        elif type(state) is type(old):
            return
        self._told(state)


def enrol(url: str, code: str, host: str) -> Enrolled:
    """Exchange a one-time code for a place at the hub. Raises ValueError with a sentence."""
    import httpx  # see Link._forever

    body = msgspec.json.encode(Enrol(code=code, host=host))
    try:
        response = httpx.post(
            f"{url.rstrip('/')}/v1/enrol",
            content=body,
            headers={"Content-Type": "application/json"},
            timeout=_CONNECT_SECONDS * 3,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as e:
        raise ValueError(f"The hub at {url} does not answer ({e}). Is it running?") from e
    if response.status_code != 201:
        raise ValueError(
            f"The hub refused that code (status {response.status_code}). "
            "Ask for a new one: packbench-hub bench code NAME"
        )
    return msgspec.json.decode(response.content, type=Enrolled)
