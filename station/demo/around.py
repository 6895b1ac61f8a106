"""What stands around one bench of the demo, as the supervisor tells its hook?"""

from __future__ import annotations

import msgspec


class Around(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands around one bench of the demo; the JSON file behind `--robot`."""

    scanner: str
    """The control address of the virtual scanner (unix:///path)."""
    scale: str
    printer: str
    record: str
    """The folder in which the virtual printer records its labels."""
    badge: str
    """The badge of who packs here, as it is scanned."""
    seed: int = 0
    world: str = ""
    """The control address of the demo itself, which can cut the hub; "" for none."""
    hands: str = "robot"
    """robot: it packs by itself; keys: the packer's keys fire the scanner."""
    mistakes: float = 0.02
    """Share of moves in which the robot does something wrong or unusual."""
