"""A hub with another key file than its books': refused at start, before it hides anything."""

from __future__ import annotations

from pathlib import Path

from sync.hub.vault import KEY_BYTES
from tests.sync.hub.test_cli import Run, here, hub
from tests.sync.hub.world import World

__all__ = ["here", "hub"]


def test_a_hub_with_another_key_is_refused_before_it_feeds_nothing(
    hub: Run, here: World, tmp_path: Path
) -> None:
    here.place()
    here.pull()
    key = tmp_path / "hub.key"
    own = key.read_bytes()
    key.write_bytes(b"\1" * KEY_BYTES)  # also before any key was noted
    status, _, words = hub("order", "list")
    assert (status, "is not the key of these books" in words) == (1, True)
    key.write_bytes(own)
    assert hub("order", "list")[0] == 0


def test_a_second_hub_without_the_key_is_not_given_one_of_its_own(
    hub: Run, here: World, tmp_path: Path
) -> None:
    assert hub("bench", "list")[0] == 0
    (tmp_path / "hub.key").unlink()
    assert hub("bench", "list")[0] == 1, "there is nothing sealed yet, and the key is known"
    assert hub("order", "list")[0] == 1
