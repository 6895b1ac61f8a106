"""How is the packer told what the hub decided about work done here? One by one, before new work.

choose --a notice waits--> STOP: what happened, what to do --ACK--> the next one, or go on
An order that is open is finished first; what happens to that one itself is `news`.
"""

from __future__ import annotations

from dataclasses import replace

from station.flows import reply
from station.flows.flow import Acknowledged, Step
from station.prompt import Tone
from station.session import Session
from station.wording import notices, word


def due(session: Session) -> bool:
    """Whether one must be acknowledged before anything else happens."""
    free = session.flow == "choose" and not session.latched and session.question is None
    return free and bool(session.notices)


def show(session: Session) -> Session:
    """Say the oldest."""
    notice = session.notices[0]
    told = reply.stop(session, word.STOP, notices.what(notice), notices.then(notice))
    # The order that was closed last is not reopened by an UNDO that was meant for this.
    return replace(told, noticed=notice.seq, help_page=0, undo=())


def news(session: Session) -> Session:
    """Say the oldest that came; or say again the one on the screen, of which more is known."""
    on_screen = bool(session.noticed) and session.notices[:1] != ()
    if on_screen and session.notices[0].seq == session.noticed:
        return show(session)
    return show(session) if due(session) else session


def told(step: Step) -> Step:
    """Show what waits, unless something was just finished whose lane must be read first."""
    session = step.session
    finished = session.said is not None and session.said.tone is Tone.DONE
    if not due(session) or finished:
        return step
    return Step(show(session), step.effects)


def acknowledge(session: Session) -> Step:
    """The packer has seen the one on the screen."""
    seen = session.noticed
    left = tuple(one for one in session.notices if one.seq != seen)
    return Step(replace(session, noticed=0, notices=left), (Acknowledged(seen),))
