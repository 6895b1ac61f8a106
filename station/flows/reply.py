"""How does a flow answer? One function a kind of answer; what they say is in `station.wording`."""

from __future__ import annotations

from dataclasses import replace

from station.prompt import Tone
from station.session import NOTHING, Question, Said, Session, Text


def show(
    session: Session, tone: Tone, word: Text, what: Text = NOTHING, then: Text = NOTHING
) -> Session:
    """Say something; whatever was latched is not any more."""
    said = Said(word=word, tone=tone, what=what, then=then)
    return replace(session, said=said, latched=False, noticed=0)


def good(session: Session, word: Text, what: Text = NOTHING, then: Text = NOTHING) -> Session:
    """Right."""
    return show(session, Tone.GOOD, word, what, then)


def calm(session: Session, word: Text, what: Text = NOTHING, then: Text = NOTHING) -> Session:
    """Neither right nor wrong: what comes next."""
    return show(session, Tone.NEUTRAL, word, what, then)


def done(session: Session, word: Text, what: Text = NOTHING, then: Text = NOTHING) -> Session:
    """Something is finished."""
    return show(session, Tone.DONE, word, what, then)


def refuse(session: Session, word: Text, what: Text = NOTHING, then: Text = NOTHING) -> Session:
    """Not now, or not so; nothing happened, and the next scan counts."""
    return show(session, Tone.BAD, word, what, then)


def wrong(session: Session, word: Text, what: Text = NOTHING, then: Text = NOTHING) -> Session:
    """Red, until somebody has acknowledged it: a thing that must not go into the box."""
    return replace(refuse(session, word, what, then), latched=True, quantity=1)


def stop(session: Session, word: Text, what: Text = NOTHING, then: Text = NOTHING) -> Session:
    """Hands off, until somebody has acknowledged it."""
    return replace(show(session, Tone.STOP, word, what, then), latched=True, quantity=1)


def ask(
    session: Session, question: Question, word: Text, what: Text = NOTHING, then: Text = NOTHING
) -> Session:
    """Ask what only the packer can answer."""
    return replace(show(session, Tone.ASK, word, what, then), question=question)
