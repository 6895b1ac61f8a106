"""What is on the screen at each step of the set-up? A page, made of the plan alone."""

from __future__ import annotations

from collections.abc import Callable

from drivers.label_printers import symbol
from drivers.label_printers.label import QrCode
from drivers.scanners.setup import SETUP_TEXT, NoAim
from station.prompt import Entry, Key, LampState, Page
from station.session import Text
from station.setup.plan import KEYBOARD, Plan, Stage
from station.wording import render
from station.wording import setup as w

Say = Callable[[Text], str]
_QUIET = 4
"""White modules around a QR code: ISO/IEC 18004."""
_TITLES = {
    Stage.PRINTER: w.PRINTER_TITLE,
    Stage.RECEIPTS: w.RECEIPTS_TITLE,
    Stage.SCANNER: w.SCANNER_TITLE,
    Stage.SCANNER_TEST: w.SCANNER_TITLE,
    Stage.SCALE: w.SCALE_TITLE,
    Stage.SCALE_EMPTY: w.SCALE_TITLE,
    Stage.SCALE_LOADED: w.SCALE_TITLE,
    Stage.SCALE_EMPTIED: w.SCALE_TITLE,
    Stage.WRITE: w.WRITE_TITLE,
    Stage.TRIAL: w.TRIAL_TITLE,
    Stage.DONE: w.DONE_TITLE,
}
_NEXT = {
    Stage.PRINTER: w.CHOOSE_PRINTER,
    Stage.RECEIPTS: w.CHOOSE_RECEIPTS,
    Stage.SCANNER: w.CHOOSE_SCANNER,
    Stage.SCANNER_TEST: w.SCAN_THIS,
    Stage.SCALE: w.CHOOSE_SCALE,
    Stage.SCALE_EMPTY: w.EMPTY_SCALE,
    Stage.SCALE_LOADED: w.LOAD_SCALE,
    Stage.SCALE_EMPTIED: w.UNLOAD_SCALE,
    Stage.WRITE: w.WRITE_IT,
    Stage.TRIAL: w.SCAN_TRIAL,
    Stage.DONE: w.LEAVE,
}
_KEYS: dict[Stage, tuple[tuple[str, Text], ...]] = {
    Stage.PRINTER: (("enter", w.KEY_CHOOSE), ("f8", w.KEY_SKIP)),
    Stage.RECEIPTS: (("enter", w.KEY_CHOOSE), ("f8", w.KEY_SKIP), ("f4", w.KEY_BACK)),
    Stage.SCANNER: (("enter", w.KEY_CHOOSE), ("f4", w.KEY_BACK)),
    Stage.SCANNER_TEST: (("f8", w.KEY_ON), ("f5", w.KEY_PRINT), ("f4", w.KEY_BACK)),
    Stage.SCALE: (("enter", w.KEY_CHOOSE), ("f8", w.KEY_SKIP), ("f4", w.KEY_BACK)),
    Stage.TRIAL: (("f5", w.KEY_PRINT), ("f8", w.KEY_ON), ("f4", w.KEY_BACK)),
    Stage.DONE: (("f8", w.KEY_LEAVE),),
}
_ON_AND_BACK = (("f8", w.KEY_ON), ("f4", w.KEY_BACK))


def page(plan: Plan, language: str) -> Page:
    """Return what is to be seen now."""

    def say(text: Text) -> str:
        return render(text, language)

    return Page(
        title=say(_TITLES[plan.stage]),
        entries=_entries(plan, say),
        chosen=plan.chosen if plan.offered else -1,
        notice=say(plan.said),
        drawn=half_blocks(SETUP_TEXT) if plan.stage is Stage.SCANNER_TEST else (),
        instruction=say(_NEXT[plan.stage]),
        keys=tuple(Key(key, say(does)) for key, does in _KEYS.get(plan.stage, _ON_AND_BACK)),
    )


def half_blocks(data: str) -> tuple[str, ...]:
    """Return a QR code as rows of text, two modules high each; to be drawn black on white."""
    rows = symbol.rows(QrCode(x=0, y=0, data=data))
    blank = "0" * (len(rows[0]) + 2 * _QUIET)
    framed = [blank] * _QUIET
    framed += [f"{'0' * _QUIET}{row}{'0' * _QUIET}" for row in rows]
    framed += [blank] * (_QUIET + len(framed) % 2)
    signs = {"00": " ", "10": "▀", "01": "▄", "11": "█"}
    return tuple(
        "".join(signs[top + bottom] for top, bottom in zip(*framed[at : at + 2], strict=True))
        for at in range(0, len(framed) - 1, 2)
    )


def _entries(plan: Plan, say: Say) -> tuple[Entry, ...]:
    match plan.stage:
        case Stage.PRINTER | Stage.RECEIPTS | Stage.SCALE:
            offered = tuple(Entry(what=url) for url in plan.offered)
            return offered or (Entry(what=say(w.NOTHING_FOUND)),)
        case Stage.SCANNER:
            return tuple(Entry(what=_scanner(url, say)) for url in plan.offered)
        case Stage.SCANNER_TEST:
            return _findings(plan, say)
        case Stage.SCALE_EMPTY | Stage.SCALE_LOADED | Stage.SCALE_EMPTIED:
            return (_of_scale(plan, say, "busy"),)
        case Stage.WRITE | Stage.TRIAL | Stage.DONE:
            return _all(plan, say)


def _findings(plan: Plan, say: Say) -> tuple[Entry, ...]:
    if plan.findings is None:
        return (Entry(what=_scanner(plan.scanner, say), state="unknown"),)
    if not plan.findings:
        return (Entry(what=say(w.ALL_WELL), state="ok"),)
    return tuple(
        Entry(
            what=say(w.finding(one)),
            do=say(w.finding_todo(one)),
            state="warn" if isinstance(one, NoAim) else "bad",
        )
        for one in plan.findings
    )


def _scanner(url: str, say: Say) -> str:
    return say(w.KEYBOARD) if url == KEYBOARD else say(w.scanner_at(url))


def _of_scale(plan: Plan, say: Say, state: LampState) -> Entry:
    scale = plan.scale
    if scale is None:
        return Entry(what=say(w.NO_SCALE), state="off")
    return Entry(what=say(w.scale_found(scale.protocol, scale.grams)), last=scale.url, state=state)


def _all(plan: Plan, say: Say) -> tuple[Entry, ...]:
    printers = tuple(
        Entry(
            what=say(w.printer_found(one.language, one.dots_per_mm, one.model)),
            last=one.url,
            state="ok",
        )
        if one is not None
        else Entry(what=say(missing), state="off")
        for one, missing in ((plan.printer, w.NO_PRINTER), (plan.receipts, w.NO_RECEIPTS))
    )
    scanner = Entry(
        what=_scanner(plan.scanner, say),
        state="unknown" if plan.findings is None else "bad" if _spoilt(plan) else "ok",
    )
    return (*printers, scanner, _of_scale(plan, say, "ok"))


def _spoilt(plan: Plan) -> bool:
    return any(not isinstance(one, NoAim) for one in plan.findings or ())
