"""Who works here?

login  --a known badge--> choose
choose --another badge--> choose, as that person; LOGOUT--> login
"""

from __future__ import annotations

from dataclasses import replace

from station.codes.code import BadgeCode, Garbled
from station.flows import reply, standing
from station.flows.flow import Input, Scanned, Step
from station.session import NOTHING, Session
from station.wording import LANGUAGES, orders, people, pieces, word


def standing_prompt(session: Session) -> Session:
    """Ask for a badge."""
    return reply.calm(session, word.HELLO, people.NOBODY, people.SCAN_BADGE)


def step(session: Session, input: Input) -> Step:
    """Say what to do about what just happened."""
    match input:
        case Scanned(code=BadgeCode(badge=badge), known=known):
            packer = known.packer
            if packer is None:
                what = people.unknown_badge(badge)
                return Step(reply.refuse(session, word.UNKNOWN, what, people.ASK_SUPERVISOR))
            language = packer.language if packer.language in LANGUAGES else session.language
            fresh = standing.put_down(session)
            done = session.done if session.packer == packer else 0
            session = replace(fresh, packer=packer, language=language, done=done)
            return Step(reply.good(session, word.HELLO, people.hello(packer.name), orders.SCAN_ONE))
        case Scanned(code=Garbled()):
            return Step(reply.refuse(session, word.RESCAN, pieces.GARBLED, pieces.SCAN_AGAIN))
        case Scanned():
            return Step(reply.refuse(session, word.HELLO, people.LOG_IN_FIRST, people.SCAN_BADGE))
        case _:
            return Step(session)


def log_out(session: Session) -> Step:
    """The packer leaves."""
    name = session.packer.name if session.packer else ""
    fresh = replace(standing.put_down(session), flow="login", packer=None, done=0, help_page=0)
    return Step(
        reply.calm(fresh, word.BYE, people.bye(name) if name else NOTHING, people.SCAN_BADGE)
    )
