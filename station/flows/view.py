"""What does the packer see of the open order? The same picture for every flow that has one."""

from __future__ import annotations

from datetime import datetime

from station.commands import accepted
from station.flows import help, standing
from station.flows.pick import current, in_walk_order
from station.prompt import Key, Prompt, Row, Tone, Verdict
from station.session import Said, Session, Text
from station.wording import labels, orders, parcels, people, pieces, render, word
from station.wording.values import clock, kilograms
from sync.orders import LabelState, Order, Parcel, PrintState, State

OVER_FULL, SHORT = "!", "−"


def verdict(session: Session) -> Verdict:
    """The banner, in the session's language."""
    said = session.said or Said(word=word.READY, tone=Tone.NEUTRAL, what=people.SCAN_SOMETHING)
    language = session.language
    return Verdict(
        word=render(said.word, language),
        tone=said.tone,
        line1=render(said.what, language),
        line2=render(said.then, language),
    )


def prompt(session: Session, now: datetime | None = None) -> Prompt:
    """Everything below the banner. `now`, in the bench's time zone, marks what is late."""
    idle = session.order is None or session.idle
    picture = _of_queue(session, now) if idle else _of_order(session, session.order, now)
    return help.prompt(session, picture) if session.help_page else picture


def instruction(session: Session) -> Text:
    """The next thing to do, whatever the banner says."""
    if session.latched:
        return people.ACKNOWLEDGE
    if session.question is not None:
        return people.question(session.question.kind)
    parcel = session.parcel
    match session.flow:
        case "login":
            return people.SCAN_BADGE
        case "pick":
            return _picking(session)
        case "pack":
            return pieces.TAKE_OUT if standing.too_many(session) else pieces.SCAN_NEXT
        case "weigh":
            asked = session.settings.ask_box and parcel is not None and not parcel.box
            return parcels.SCAN_BOX if asked else parcels.ON_THE_SCALE
        case "ship":
            return _shipping(parcel)
        case _:
            return orders.SCAN_ONE


def _shipping(parcel: Parcel | None) -> Text:
    if parcel is not None and parcel.label_state is LabelState.FAILED:
        return labels.AGAIN_OR_HOLD
    printing = parcel is not None and parcel.label_usable
    if parcel is not None and printing and parcel.print_state is not PrintState.NONE:
        return labels.SCAN_IT
    return labels.WAIT_OR_PUT_ASIDE


def _picking(session: Session) -> Text:
    line = current(session)
    if session.order is None or line is None:
        return orders.SCAN_FOR_TOTE
    bin = session.order.line(line.line).bin
    return pieces.SCAN_NEXT if bin in ("", standing.note(session, "bin")) else pieces.go_to(bin)


def _of_queue(session: Session, now: datetime | None) -> Prompt:
    """Nothing is open: what waits here, and where the last parcel belongs."""
    language, parcel = session.language, session.parcel
    nobody = session.flow == "login"
    return Prompt(
        title=render(people.NOBODY if nobody else orders.NONE_OPEN, language),
        instruction=render(instruction(session), language),
        rows=() if nobody else tuple(_queued(session, order, now) for order in session.waiting),
        facts=_waiting(session),
        parcel=_panel(session, parcel),
        notice=_notice(session),
        keys=keys(session),
        lane=parcel.label.lane if parcel and parcel.label and parcel.closed else "",
    )


def _queued(session: Session, order: Order, now: datetime | None) -> Row:
    """An order of the queue, as a row: its number, what is in it, when it must leave."""
    names = ", ".join(line.name or line.sku for line in order.lines)
    pieces_in_it = sum(standing.due(shipment) for shipment in order.shipments)
    by = clock(order.ship_by, now) if order.ship_by else ""
    unbegun = all(one.state is State.ALLOCATED for one in order.shipments)
    return Row(
        mark="",
        sku=order.channel_order_id,
        name=names,
        bin=by,
        need=pieces_in_it,
        done=0,
        quiet=session.lease_over and unbegun,
    )


def _of_order(session: Session, order: Order | None, now: datetime | None) -> Prompt:
    if order is None:
        return _of_queue(session, now)
    language, rows = session.language, _rows(session)
    return Prompt(
        title=order.channel_order_id,
        instruction=render(instruction(session), language),
        rows=rows,
        facts=(*_facts(session, order, now), *_waiting(session)),
        parcel=_panel(session, session.parcel),
        notice=_notice(session),
        progress=(sum(row.done for row in rows), sum(row.need for row in rows)),
        keys=keys(session),
    )


def keys(session: Session) -> tuple[Key, ...]:
    """The footer: the keys of the commands that count here, help at the end."""
    if session.latched:
        return (Key("enter", render(word.command_label("ACK"), session.language)),)
    named = [c for c in accepted(session.flow) if c.key and c.name != "ACK"]
    return tuple(Key(c.key, render(word.command_label(c.name), session.language)) for c in named)


def _rows(session: Session) -> tuple[Row, ...]:
    order = session.order
    if order is None:
        return ()
    picking = session.flow == "pick"
    shown = in_walk_order(session) if picking else standing.lines(session)
    at = _current_line(session)
    rows, items, packed = [], standing.items(session), standing.counts(session)
    for line in shown:
        item = items[line.line]
        done = line.picked if picking else packed[line.line]
        mark = OVER_FULL if done > line.due else SHORT if line.short else ""
        rows.append(
            Row(
                mark=mark,
                sku=item.sku,
                name=item.name,
                bin=item.bin,
                need=line.due,
                done=done,
                current=line.line == at,
            )
        )
    return tuple(rows)


def _current_line(session: Session) -> str:
    """The line asked about, else the one scanned last while it lasts, else the next one."""
    if session.question is not None and "line" in session.question.about:
        return session.question.about["line"]
    if session.flow == "pick":
        line = current(session)
        return line.line if line else ""
    waiting = [line.line for line, count in standing.left(session) if count]
    noted = standing.note(session, "line")
    return noted if noted in waiting else next(iter(waiting), "")


def _facts(session: Session, order: Order, now: datetime | None) -> tuple[tuple[str, str], ...]:
    language = session.language
    facts = [(render(word.SERVICE, language), order.service)] if order.service else []
    if order.ship_by is not None:
        late = now is not None and order.ship_by < now
        by = render(orders.late(clock(order.ship_by, now)), language) if late else ""
        facts.append((render(word.SHIP_BY, language), by or clock(order.ship_by, now)))
    if order.address is not None and order.address.country:
        facts.append((render(word.TO, language), order.address.country))
    if session.quantity != 1:
        facts.append(("", render(word.quantity(session.quantity), language)))
    return tuple(facts)


def _waiting(session: Session) -> tuple[tuple[str, str], ...]:
    waits = [p.removeprefix("waits:") for p in session.pending if p.startswith("waits:")]
    return ((render(word.WAITS, session.language), ", ".join(waits)),) if waits else ()


def _notice(session: Session) -> str:
    """What must be read: the printer, a gift, what the item or the buyer asks for."""
    order, language = session.order, session.language
    notices: list[str] = []
    needs = standing.note(session, "printer")
    if needs:
        notices.append(render(labels.printer_needs(needs), language))
    if order is not None and not session.idle:
        if order.gift:
            notices.append(render(orders.GIFT, language))
        at = _current_line(session)
        notices += [line.instruction for line in order.lines if line.id == at and line.instruction]
        if order.note:
            notices.append(order.note)
    return " · ".join(notices)


def _panel(session: Session, parcel: Parcel | None) -> tuple[tuple[str, str], ...]:
    if parcel is None:
        return ()
    language = session.language
    count = len(session.shipment.parcels) if session.shipment else 1
    return (
        ("", f"{parcel.number} / {count}"),
        (render(word.BOX_LABEL, language), parcel.box or "—"),
        (render(word.WEIGHT_LABEL, language), kilograms(parcel.grams) if parcel.grams else "—"),
        (render(word.CARRIER_LABEL, language), parcel.label.carrier if parcel.label else "—"),
        (render(word.LABEL_LABEL, language), render(labels.state(parcel), language)),
    )
