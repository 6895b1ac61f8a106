from pathlib import Path

import pytest

from station import config
from station.config import BadConfig, Config, Printer, Scale


def test_a_bench_without_a_file_works_with_its_defaults(tmp_path: Path) -> None:
    assert config.read(tmp_path / "station.toml") == Config()


def test_a_file_names_devices_and_habits(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text(
        """
hub = "http://127.0.0.1:8000"
language = "zh"
[scales.bench]
url = "serial:///dev/ttyS0"
[printers.slips]
url = "tcp://10.0.0.2:9100"
prints = ["paper"]
[printers.labels]
url = "tcp://10.0.0.1:9100"
[work]
boxes = [["S", 80]]
""",
        "utf-8",
    )
    read = config.read(file)
    assert read.scales == {"bench": Scale(url="serial:///dev/ttyS0")}
    assert read.printers["labels"] == Printer(url="tcp://10.0.0.1:9100")
    assert (read.printer_of("label"), read.printer_of("paper")) == ("labels", "slips")
    assert read.work.boxes == (("S", 80),)


@pytest.mark.parametrize("text", ["colour = 1", "hub = 7", "hub = ", "[printers.x]"])
def test_what_cannot_be_followed_is_refused_with_the_files_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "station.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(BadConfig, match=r"station\.toml: .*move the file away"):
        config.read(file)


def test_the_environment_names_the_home() -> None:
    assert config.home({"PACKBENCH_HOME": "/srv/bench"}) == Path("/srv/bench")
    assert config.home({}).name == "packbench"
