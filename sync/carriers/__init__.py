"""The carriers: one folder each, all of the shape in `sync.ports.Carrier`.

To add one: one folder, one line here.
"""

from __future__ import annotations

from collections.abc import Mapping

from sync.carriers import simpost
from sync.ports import Carrier

CARRIERS: Mapping[str, Carrier] = {
    "simpost": simpost,
}
