"""Asking somebody elsewhere, without I/O.

What takes several requests (pages, a look before a second try) is a talk: a generator that
yields requests, is sent their responses, and returns what came of it. `sync.hub.http` holds the
socket, the token, the rates and the retries; a test holds a list of canned responses.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask; the path is relative to the other side's base address."""

    method: str
    path: str
    operation: str
    """What the other side's limits call it ("searchOrders"): the name of its rate bucket."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    """JSON, UTF-8; b"" for none."""
    headers: Mapping[str, str] = field(default_factory=dict)
    again: bool = True
    """Whether it may be sent again when no answer came. False: the talk wants to know."""


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered; whoever holds the talk has dealt with tokens, 429 and 5xx."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer: the request may or may not have taken effect."""

    why: str


class Failed(Exception):
    """The other side did not do what was asked; the sentence says what, and what to do.

    Whose fault it is, and whether trying again helps, is in `again`: True for a broken wire or
    a busy server, False for what a person must put right (credentials, a role, an input).
    """

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.again = again


Talk = Generator[Request, Response | Lost, T]
"""Yields requests, is sent what came back, returns what came of it. `Lost` is sent only for a
request with `again=False`, or when all the tries are used up."""
