"""How is a request turned down? With a kind for the program and a sentence for the person."""

from __future__ import annotations

from sync.protocol.messages import Kind

STATUS: dict[Kind, int] = {
    Kind.UNREADABLE: 400,
    Kind.UNKNOWN_BENCH: 401,
    Kind.BAD_SIGNATURE: 401,
    Kind.CLOCK: 401,
    Kind.NOT_YOURS: 403,
    Kind.NOT_THERE: 404,
    Kind.NOT_ALLOWED: 405,
    Kind.TOO_LARGE: 413,
    Kind.OUTDATED: 426,
    Kind.TOO_MANY: 429,
    Kind.BUSY: 503,
}


class Refused(Exception):
    """A request that is turned down: its sender's fault, or the hub's lack of room (BUSY)."""

    def __init__(self, kind: Kind, sentence: str, *, retry_seconds: float = 0.0) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.retry_seconds = retry_seconds
        """After how long it may be asked again; 0: the same would be refused the same."""
