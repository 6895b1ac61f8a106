"""`packbench-hub order list|show|import|hold|release|cancel|give|takeover|history`."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import select

from sync.hub import desk, giveback, home, imports, pull, search, takeover
from sync.hub.book import seconds
from sync.hub.captured import moment
from sync.hub.cli import say
from sync.hub.present import order_json
from sync.hub.schema import entry
from sync.orders import Entry, Fact, HoldKind, Order

Decide = Callable[[Order], list[Fact]]


def run(noun: str, argv: list[str]) -> int:
    """Do what is asked of orders."""
    parser = say.parser(noun, "The order book.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    listing = verbs.add_parser("list", help="orders, most urgent first")
    _add_filter(listing)
    say.add_json(listing)
    listing.set_defaults(do=_list)
    for verb, says, do in (
        ("show", "one order, whole", _show),
        ("history", "who did what to it, and when", _history),
    ):
        made = verbs.add_parser(verb, help=says)
        made.add_argument("id", help="channel:number, or the marketplace's number alone")
        say.add_json(made)
        made.set_defaults(do=do)
    import_ = verbs.add_parser("import", help="takes over orders from a JSON file")
    import_.add_argument("file", help="a list of orders; - for stdin")
    import_.add_argument("--channel", default="import", help="what the orders come from")
    say.add_json(import_)
    import_.set_defaults(do=_import)
    _add_verbs(verbs)
    return say.run(parser, argv)


def _add_filter(made: argparse.ArgumentParser) -> None:
    made.add_argument("--channel", metavar="C")
    made.add_argument("--state", metavar="S", help="cancelled, held, ready, packed, …")
    made.add_argument("--payment", metavar="P", help="paid, pending")
    made.add_argument("--logistics", metavar="L", help="the promised service: standard, …")
    made.add_argument("--warehouse", metavar="W")
    made.add_argument("--at", metavar="BENCH", help="those that this bench has")
    made.add_argument("--late", action="store_true", help="past its ship-by, and still here")
    made.add_argument("--limit", type=int, default=1000, help="orders at most")


def _add_verbs(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for verb, says in (
        ("hold", "keeps orders from being shipped"),
        ("release", "lets them go"),
        ("cancel", "calls them off"),
        ("give", "asks for what their bench has not begun, for another; or withdraws that"),
        ("takeover", "gives them to another bench, whatever the first one does"),
    ):
        made = verbs.add_parser(verb, help=says)
        made.add_argument("id", nargs="?", help="one order; or a filter for many")
        if verb in ("give", "takeover"):
            made.add_argument("bench", help="which packs them from now on")
        if verb == "hold":
            made.add_argument("kind", choices=[kind.value for kind in HoldKind])
        if verb == "release":
            made.add_argument("--kind", choices=[kind.value for kind in HoldKind])
        asked = verb in ("hold", "takeover")
        made.add_argument("--why", default="", required=asked, help="for the journal")
        made.add_argument("--by", default="", help="who decides; your login where not said")
        made.add_argument("--dry-run", action="store_true", help="only say what would be done")
        _add_filter(made)
        say.add_json(made)
        made.set_defaults(do=_do)


def _list(options: argparse.Namespace, opened: home.Opened) -> int:
    with opened.store.read() as connection:
        ids = search.ids(connection, _wanted(options), time.time())
        found = opened.book.get_all(connection, ids)
    rows = [order_json(found[id]) for id in ids]
    if options.json:
        say.json(rows)
    else:
        heads = ("id", "state", "payment", "service", "ship_by")
        say.table([[row[head] for head in heads] for row in rows], heads)
        say.words(f"{len(rows)} orders")
    return say.DONE


def _wanted(options: argparse.Namespace) -> search.Wanted:
    return search.Wanted(
        channel=options.channel or "",
        state=options.state or "",
        payment=options.payment or "",
        service=options.logistics or "",
        warehouse=options.warehouse or "",
        bench=options.at or "",
        late=options.late,
        limit=options.limit,
    )


def _find(options: argparse.Namespace, opened: home.Opened) -> Order:
    with opened.store.read() as connection:
        id = search.named(connection, options.id)
        order = opened.book.get(connection, id) if id else None
    if order is None:
        raise say.No(f"there is no order {options.id}: see `packbench-hub order list`")
    return order


def _show(options: argparse.Namespace, opened: home.Opened) -> int:
    order = order_json(_find(options, opened))
    if options.json:
        say.json(order)
    else:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(order), indent=2).decode() + "\n")
    return say.DONE


def _history(options: argparse.Namespace, opened: home.Opened) -> int:
    order = _find(options, opened)
    rows = []
    with opened.store.read() as connection:
        found = connection.execute(
            select(entry)
            .where(entry.c.order_id == order.id)
            .order_by(entry.c.received_at, entry.c.bench, entry.c.seq)
        )
        for row in found:
            try:
                said = msgspec.json.decode(row.body, type=Entry)
                by, fact = said.by, msgspec.to_builtins(said.fact)
            except msgspec.DecodeError:
                by, fact = "", {}
            rows.append(
                {
                    "at": datetime.fromtimestamp(
                        moment(row.captured_at, row.received_at, seconds(order.placed_at)), UTC
                    ),
                    "bench": row.bench,
                    "by": by,
                    "what": row.kind,
                    "verdict": row.verdict,
                    "reason": row.reason,
                    "fact": fact,
                }
            )
    if options.json:
        say.json(rows)
    else:
        heads = ("at", "bench", "by", "what", "verdict")
        say.table([[row[head] for head in heads] for row in rows], heads)
    return say.DONE


def _import(options: argparse.Namespace, opened: home.Opened) -> int:
    try:
        raw = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
        fetched = imports.read(raw)
    except (OSError, imports.Unreadable) as wrong:
        raise say.No(f"{options.file} cannot be taken over: {wrong}") from wrong
    found, opened_troubles, changed = pull.take_in(
        opened.store, opened.book, options.channel, fetched
    )
    if options.json:
        say.json({"orders": [order_json(order) for order in found], "refused": fetched.refused})
    say.words(
        f"{len(found)} orders were read, {changed} of them new or changed; "
        f"{len(opened_troubles)} troubles"
    )
    return say.REFUSED if fetched.refused else say.DONE


def _do(options: argparse.Namespace, opened: home.Opened) -> int:
    by = options.by or getpass.getuser()
    with opened.store.read() as connection:
        if options.id:
            id = search.named(connection, options.id)
            if id is None:
                raise say.No(f"there is no order {options.id}: see `packbench-hub order list`")
            ids = [id]
        else:
            wanted = _wanted(options)
            if not wanted.narrow:
                raise say.No("name an order, or give a filter such as --state held")
            ids = search.ids(connection, wanted, time.time())
    results = _done(opened, ids, options, by)
    if options.json:
        say.json(results)
    else:
        say.table([[row["order"], row["result"]] for row in results], ("order", "result"))
    refused = sum(not row["done"] for row in results)
    verb = "would be done" if options.dry_run else "done"
    say.words(f"{len(results) - refused} {verb}, {refused} refused")
    return say.REFUSED if refused else say.DONE


def _done(
    opened: home.Opened, ids: Iterable[str], options: argparse.Namespace, by: str
) -> list[dict[str, object]]:
    match options.verb:
        case "takeover":
            return [_take_over(opened, id, options, by) for id in ids]
        case "give":
            return [_give(opened, id, options, by) for id in ids]
        case _:
            decide = _decision(options)
            return [_do_one(opened, id, decide, by, dry=options.dry_run) for id in ids]


def _decision(options: argparse.Namespace) -> Decide:
    match options.verb:
        case "hold":
            return lambda order: desk.hold(order, HoldKind(options.kind), options.why)
        case "release":
            kind = HoldKind(options.kind) if options.kind else None
            return lambda order: desk.release(order, kind)
        case _:
            return lambda order: desk.cancel(order, options.why)


def _do_one(
    opened: home.Opened, id: str, decide: Decide, by: str, *, dry: bool
) -> dict[str, object]:
    with opened.store.write() as connection:
        order = opened.book.get(connection, id, lock=True)
        if order is None:
            return {"order": id, "done": False, "result": "gone"}
        done = decide(order)
        why = desk.why_not(order, done)
        if why:
            return {"order": id, "done": False, "result": why}
        if not dry:
            desk.do(connection, opened.book, order, done, time.time(), by)
    return {"order": id, "done": True, "result": "would be done" if dry else "done"}


def _take_over(
    opened: home.Opened, id: str, options: argparse.Namespace, by: str
) -> dict[str, object]:
    with opened.store.write() as connection:
        order = opened.book.get(connection, id, lock=True)
        if order is None:
            return {"order": id, "done": False, "result": "gone"}
        try:
            done = takeover.facts_of(connection, order, options.bench)
        except takeover.Refused as refused:
            return {"order": id, "done": False, "result": str(refused)}
        if options.dry_run:
            return {"order": id, "done": True, "result": "would be done"}
        now = time.time()
        takeover.take_over(connection, opened.book, order, done, now, why=options.why, by=by)
    return {"order": id, "done": True, "result": "done"}


def _give(opened: home.Opened, id: str, options: argparse.Namespace, by: str) -> dict[str, object]:
    now = time.time()
    with opened.store.write() as connection:
        order = opened.book.get(connection, id, lock=True)
        if order is None:
            return {"order": id, "done": False, "result": "gone"}
        try:
            done = giveback.facts_of(connection, order, options.bench, now)
        except giveback.Refused as refused:
            return {"order": id, "done": False, "result": str(refused)}
        if options.dry_run:
            result = f"would be: {giveback.what(order, done)}"
            return {"order": id, "done": True, "result": result}
        giveback.give(connection, opened.book, order, done, now, by=by)
    return {"order": id, "done": True, "result": giveback.what(order, done)}
