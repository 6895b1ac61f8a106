"""Where a bench of the demo finds what stands on it."""

from pathlib import Path

from drivers.simulate.control import Control
from station.demo.benches import Place
from station.demo.device import Device


def test_a_device_is_reached_however_long_the_way_to_the_demos_folder_is(tmp_path: Path) -> None:
    place = Place("bench-1", "P001", tmp_path / "long" / ("x" * 120), 0)
    other = Place("bench-2", "P002", tmp_path / "long" / ("x" * 121), 1)
    assert place.control("scale") != other.control("scale")
    control = Control(place.control("scale"), lambda line: {"heard": line})
    device = Device(place.control("scale"))
    try:
        assert device.tell("put 3")["heard"] == "put 3"
    finally:
        device.close()
        control.close()
