"""How does msgspec come to know a struct before two threads read one at once?

It learns a struct's fields when it first reads one, and keeps them where another thread finds
them half learnt: that ends the whole process with a segmentation fault (msgspec 0.22.0; seen when
the threads of a bench's link, or a hub's first requests, began together). So every module teaches
its structs when it is loaded, under the lock that Python imports with.
"""

from __future__ import annotations

import msgspec


def learn(*kinds: type) -> None:
    """Let msgspec learn these structs, and those that they are made of."""
    for kind in kinds:
        msgspec.json.Decoder(kind)
