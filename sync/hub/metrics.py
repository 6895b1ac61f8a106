"""What the hub counts, in the text that Prometheus reads (exposition format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Connection, func, select

from sync.hub import backup
from sync.hub.book import HUB
from sync.hub.schema import bench, channel, entry, feed, orders, parcel, trouble
from sync.protocol.messages import Heartbeat

Sample = tuple[Mapping[str, str], float]
_Figure = tuple[str, str, str, Iterable[Sample]]
"""Its name, its kind, what it says, and its samples."""


def text(connection: Connection, now: float, failures: Mapping[str, int]) -> str:
    """Write every figure."""
    lines: list[str] = []
    for name, kind, help, samples in _figures(connection, now, failures):
        lines += [f"# HELP {name} {help}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{_labels(labels)} {value:g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _figures(
    connection: Connection, now: float, failures: Mapping[str, int]
) -> tuple[_Figure, ...]:
    return (
        ("packbench_orders", "gauge", "Orders in the book, by state.", _orders(connection)),
        ("packbench_parcels_due", "gauge", "Parcels with work outside.", _due(connection)),
        ("packbench_entries_total", "counter", "Entries, by verdict.", _entries(connection)),
        ("packbench_troubles_open", "gauge", "Open troubles, by kind.", _troubles(connection)),
        ("packbench_bench_feed_head", "gauge", "Where a bench's feed ends.", _heads(connection)),
        ("packbench_bench_feed_rows", "gauge", "Rows of a bench's feed.", _rows(connection)),
        ("packbench_bench_entries", "gauge", "A bench's last entry.", _last(connection)),
        (
            "packbench_bench_seen_seconds",
            "gauge",
            "Seconds since a bench last said something.",
            _seen(connection, now),
        ),
        (
            "packbench_bench_mismatches",
            "gauge",
            "How often, since it started, a bench's feed was not what the hub had.",
            _mismatches(connection),
        ),
        (
            "packbench_bench_clock_offset_seconds",
            "gauge",
            "How far the hub's clock is ahead of a bench's.",
            _offsets(connection),
        ),
        (
            "packbench_channel_pulled_seconds",
            "gauge",
            "Seconds since a channel was last read to the end.",
            _pulled(connection, now),
        ),
        (
            "packbench_channel_untold_seconds",
            "gauge",
            "Seconds since a bench did what a channel has not been told yet, the oldest.",
            _untold(connection, now),
        ),
        (
            "packbench_copy_seconds",
            "gauge",
            "Seconds since the books were last copied.",
            [({"kind": kind}, age) for kind, age in backup.ages(connection, now).items()],
        ),
        (
            "packbench_round_failures_total",
            "counter",
            "Failures of a round in this process.",
            [({"round": round}, float(number)) for round, number in sorted(failures.items())],
        ),
    )


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _orders(connection: Connection) -> Iterable[Sample]:
    rows = connection.execute(
        select(orders.c.channel, orders.c.summary, func.count().label("number"))
        .group_by(orders.c.channel, orders.c.summary)
        .order_by(orders.c.channel, orders.c.summary)
    )
    return [({"channel": row.channel, "state": row.summary}, row.number) for row in rows]


def _due(connection: Connection) -> Iterable[Sample]:
    works = {"label": parcel.c.label_work, "confirm": parcel.c.confirm_work}
    return [
        (
            {"work": name},
            connection.execute(
                select(func.count()).select_from(parcel).where(column.is_(True))
            ).scalar_one(),
        )
        for name, column in works.items()
    ]


def _entries(connection: Connection) -> Iterable[Sample]:
    rows = connection.execute(
        select(entry.c.verdict, func.count().label("number"))
        .group_by(entry.c.verdict)
        .order_by(entry.c.verdict)
    )
    return [({"verdict": row.verdict}, row.number) for row in rows]


def _troubles(connection: Connection) -> Iterable[Sample]:
    rows = connection.execute(
        select(trouble.c.kind, func.count().label("number"))
        .where(trouble.c.resolved_at.is_(None))
        .group_by(trouble.c.kind)
        .order_by(trouble.c.kind)
    )
    return [({"kind": row.kind}, row.number) for row in rows]


def _heads(connection: Connection) -> Iterable[Sample]:
    rows = connection.execute(select(bench.c.name, bench.c.feed_seq).order_by(bench.c.name))
    return [({"bench": row.name}, row.feed_seq) for row in rows]


def _rows(connection: Connection) -> Iterable[Sample]:
    rows = connection.execute(
        select(feed.c.bench, func.count().label("number"))
        .group_by(feed.c.bench)
        .order_by(feed.c.bench)
    )
    return [({"bench": row.bench}, row.number) for row in rows]


def _last(connection: Connection) -> Iterable[Sample]:
    rows = connection.execute(select(bench.c.name, bench.c.last_seq).order_by(bench.c.name))
    return [({"bench": row.name}, row.last_seq) for row in rows]


def _seen(connection: Connection, now: float) -> Iterable[Sample]:
    rows = connection.execute(
        select(bench.c.name, bench.c.seen_at)
        .where(bench.c.seen_at.is_not(None))
        .order_by(bench.c.name)
    )
    return [({"bench": row.name}, round(now - row.seen_at, 1)) for row in rows]


def _mismatches(connection: Connection) -> Iterable[Sample]:
    rows = connection.execute(
        select(bench.c.name, bench.c.heartbeat)
        .where(func.length(bench.c.heartbeat) > 0)
        .order_by(bench.c.name)
    )
    return [
        ({"bench": row.name}, msgspec.json.decode(row.heartbeat, type=Heartbeat).mismatches)
        for row in rows
    ]


def _offsets(connection: Connection) -> Iterable[Sample]:
    rows = connection.execute(
        select(bench.c.name, bench.c.clock_offset)
        .where(bench.c.clock_offset.is_not(None))
        .order_by(bench.c.name)
    )
    return [({"bench": row.name}, round(row.clock_offset, 1)) for row in rows]


def _pulled(connection: Connection, now: float) -> Iterable[Sample]:
    rows = connection.execute(
        select(channel.c.name, channel.c.pulled_at)
        .where(channel.c.pulled_at.is_not(None))
        .order_by(channel.c.name)
    )
    return [({"channel": row.name}, round(now - row.pulled_at, 1)) for row in rows]


def _untold(connection: Connection, now: float) -> Iterable[Sample]:
    last = (
        select(parcel.c.order_id, func.max(entry.c.received_at).label("at"))
        .join(entry, entry.c.order_id == parcel.c.order_id)
        .where(parcel.c.confirm_work.is_(True), entry.c.bench != HUB)
        .group_by(parcel.c.order_id)
        .subquery()
    )
    rows = connection.execute(
        select(orders.c.channel, func.min(last.c.at).label("at"))
        .join(last, last.c.order_id == orders.c.id)
        .group_by(orders.c.channel)
        .order_by(orders.c.channel)
    )
    return [({"channel": row.channel}, round(now - row.at, 1)) for row in rows]
