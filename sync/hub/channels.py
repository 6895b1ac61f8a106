"""The seller accounts and carrier accounts of this hub, and the lines to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from sqlalchemy import Connection, Row, delete, or_, select, update

from sync.carriers import CARRIERS
from sync.hub.engine import Store, upsert
from sync.hub.http import FIRST_PAUSE_SECONDS, Line, Tokens
from sync.hub.schema import bucket, carrier, channel, process
from sync.hub.vault import Vault
from sync.markets import ACCESS, MARKETS
from sync.orders import ConfirmAt
from sync.ports import Carrier, Granted, Market


class Unknown(LookupError):
    """There is no such channel or carrier."""


class Unusable(ValueError):
    """Credentials that lack something; says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A seller account, with what is needed to talk to its marketplace."""

    name: str
    market: Market
    line: Line
    sites: tuple[str, ...]
    confirm_at: ConfirmAt
    time_scale: float
    pulled_until: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A carrier account."""

    name: str
    carrier: Carrier
    line: Line


class Outside:
    """Gives the lines to the outside; one a channel, so that rounds share token and limits."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        client: httpx.Client,
        stop: threading.Event,
        *,
        pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._store = store
        self._vault = vault
        self._client = client
        self._stop = stop
        self._pause_seconds = pause_seconds
        self._lock = threading.Lock()
        self._lines: dict[str, tuple[bytes, Line]] = {}

    def channel(self, name: str) -> Channel:
        """Give a channel. Raises Unknown and NotOpened."""
        with self._store.read() as connection:
            row = connection.execute(select(channel).where(channel.c.name == name)).one_or_none()
        if row is None:
            raise Unknown(f"there is no channel {name}: see `packbench-hub channel list`")
        secrets = self._secrets(row.credentials, f"channel {name}")
        return Channel(
            name=name,
            market=MARKETS[row.market],
            line=self._line(row, secrets),
            sites=ACCESS[row.market].sites(secrets),
            confirm_at=ConfirmAt(row.confirm_at),
            time_scale=row.time_scale,
            pulled_until=row.pulled_until,
        )

    def post(self, name: str = "") -> Post:
        """Give a carrier; the first one that was added where none is named. Raises Unknown."""
        with self._store.read() as connection:
            found = select(carrier).order_by(carrier.c.added_at, carrier.c.name).limit(1)
            if name:
                found = found.where(carrier.c.name == name)
            row = connection.execute(found).one_or_none()
        if row is None:
            raise Unknown("there is no carrier: add one with `packbench-hub carrier add`")
        module = CARRIERS[row.kind]
        with self._lock:
            line = self._known(f"carrier {row.name}", row.credentials)
            if line is None:
                line = self._keep(
                    f"carrier {row.name}",
                    row.credentials,
                    Line(
                        owner=f"carrier {row.name}",
                        base_url=row.base_url or module.HOST,
                        rates=module.RATES,
                        store=self._store,
                        client=self._client,
                        stop=self._stop,
                        rate_scale=row.rate_scale,
                        pause_seconds=self._pause_seconds,
                        clock=self._store.now,
                    ),
                )
        return Post(name=row.name, carrier=module, line=line)

    def _line(self, row: Row[Any], secrets: Mapping[str, object]) -> Line:
        with self._lock:
            known = self._known(f"channel {row.name}", row.credentials)
            if known is not None:
                return known
            access = ACCESS[row.market]
            region = str(secrets.get("region", "")).lower()
            tokens = Tokens(
                renewal=lambda: access.renewal(secrets),
                granted=access.granted,
                url=row.token_url or access.TOKEN_URL,
                dressed=access.dressed,
                kept=lambda granted: self._renewed(row.name, granted),
            )
            line = Line(
                owner=f"channel {row.name}",
                base_url=row.base_url or access.HOSTS.get(region, access.HOSTS[""]),
                rates=MARKETS[row.market].RATES,
                store=self._store,
                client=self._client,
                stop=self._stop,
                tokens=tokens,
                rate_scale=row.rate_scale,
                rate_header=MARKETS[row.market].RATE_HEADER,
                pause_seconds=self._pause_seconds,
                clock=self._store.now,
            )
            return self._keep(f"channel {row.name}", row.credentials, line)

    def _known(self, owner: str, credentials: bytes) -> Line | None:
        found = self._lines.get(owner)
        return found[1] if found and found[0] == credentials else None

    def _keep(self, owner: str, credentials: bytes, line: Line) -> Line:
        self._lines[owner] = (credentials, line)
        return line

    def _secrets(self, sealed: bytes, owner: str) -> dict[str, object]:
        return msgspec.json.decode(self._vault.open(sealed, owner), type=dict[str, object])

    def _renewed(self, name: str, granted: Granted) -> None:
        """Keep a refresh token that came with an access token, where it is another one."""
        with self._store.write() as connection:
            row = connection.execute(
                select(channel.c.credentials).where(channel.c.name == name).with_for_update()
            ).one_or_none()
            if row is None:
                return
            secrets = self._secrets(row.credentials, f"channel {name}")
            if secrets.get("refresh_token") == granted.refresh_token:
                return
            secrets["refresh_token"] = granted.refresh_token
            sealed = self._vault.seal(msgspec.json.encode(secrets), f"channel {name}")
            connection.execute(
                update(channel).where(channel.c.name == name).values(credentials=sealed)
            )


def add_channel(
    connection: Connection,
    vault: Vault,
    *,
    market: str,
    name: str,
    credentials: Mapping[str, object],
    base_url: str = "",
    token_url: str = "",
    confirm_at: ConfirmAt = ConfirmAt.CLOSED,
    rate_scale: float = 1.0,
    time_scale: float = 1.0,
) -> None:
    """Add a seller account, or give it new credentials. Raises Unusable."""
    missing = sorted(key for key in ACCESS[market].KEYS if not credentials.get(key))
    if missing:
        raise Unusable(f"the credentials lack {', '.join(missing)}")
    row = {
        "name": name,
        "market": market,
        "base_url": base_url,
        "token_url": token_url,
        "credentials": vault.seal(msgspec.json.encode(credentials), f"channel {name}"),
        "confirm_at": confirm_at.value,
        "rate_scale": rate_scale,
        "time_scale": time_scale,
        "error": "",
        "added_at": time.time(),
    }
    upsert(connection, channel, [row], "name")
    # Its limits may be others now.
    connection.execute(delete(bucket).where(bucket.c.owner == f"channel {name}"))


def add_carrier(
    connection: Connection,
    vault: Vault,
    *,
    kind: str,
    name: str,
    credentials: Mapping[str, object],
    base_url: str = "",
    rate_scale: float = 1.0,
) -> None:
    """Add a carrier account."""
    row = {
        "name": name,
        "kind": kind,
        "base_url": base_url,
        "credentials": vault.seal(msgspec.json.encode(credentials), f"carrier {name}"),
        "rate_scale": rate_scale,
        "added_at": time.time(),
    }
    upsert(connection, carrier, [row], "name")


def channels(connection: Connection) -> Sequence[Row[Any]]:
    """Give every seller account's row, by name."""
    return connection.execute(select(channel).order_by(channel.c.name)).all()


def carriers(connection: Connection) -> Sequence[Row[Any]]:
    """Give every carrier account's row, the one that is used first."""
    return connection.execute(select(carrier).order_by(carrier.c.added_at)).all()


def pulled(connection: Connection, name: str, until: float | None, now: float) -> None:
    """Note that a round of fetching ended well."""
    new: dict[str, object] = {"pulled_at": now, "error": "", "error_at": None}
    if until is not None:
        new["pulled_until"] = until
    connection.execute(update(channel).where(channel.c.name == name).values(**new))


def failed(connection: Connection, name: str, why: str, now: float) -> None:
    """Note why a round did not end well."""
    connection.execute(
        update(channel).where(channel.c.name == name).values(error=why, error_at=now)
    )


def lead(connection: Connection, name: str, reader: str) -> bool:
    """Let a hub process read a channel, if none that lives does; say whether it may."""
    living = select(process.c.name)
    free = or_(channel.c.puller.in_(("", reader)), channel.c.puller.not_in(living))
    led = connection.execute(
        update(channel).where(channel.c.name == name, free).values(puller=reader)
    )
    return bool(led.rowcount)
