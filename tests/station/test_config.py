import subprocess
import sys
from pathlib import Path

import pytest

from drivers import receipt_printers, scales, scanners
from drivers.label_printers import LANGUAGES
from drivers.transports import SCHEMES
from station import config
from station.config import BadConfig, Config, Printer, Scale
from station.spool import probe


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[scanners.x]\nurl = "/dev/ttyACM0"',
            "url = '/dev/ttyACM0' must begin with one of tcp://",
        ),
        ('[scales.x]\nurl = "tcp://a"\nprotocol = "kern"', "protocol = 'kern' must be one of mt-s"),
        ('[printers.x]\nurl = "tcp://a"\nlanguage = "epl"', "language = 'epl' must be one of zpl"),
        ('[printers.x]\nurl = "tcp://a"\ndots_per_mm = 7', "dots_per_mm = 7 must be one of 6, 8"),
        (
            '[scanners.x]\nurl = "evdev:///dev/input/event3"',
            "framing must be one of keys-us, keys-de",
        ),
        (
            '[scanners.x]\nurl = "evdev:///e"\nframing = "keys-us"\nfeedback = "zebra"',
            'feedback must be "none"',
        ),
        ('[printers.x]\nurl = "tcp://a"\nstock = [4, 6]', "stock = [4, 6] must be the width and"),
        (
            '[printers.x]\nurl = "tcp://a"\nlanguage = "escpos"',
            'a printer of escpos prints no labels: write prints = ["paper"]',
        ),
        ('[scanners.x]\nurl = "tcp://a"\nframing = "stx"', "framing = 'stx' must be one of line"),
    ],
)
def test_a_device_that_we_cannot_drive_is_refused_with_what_to_write(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "station.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(BadConfig) as refused:
        config.read(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_what_may_be_written_is_what_the_drivers_have() -> None:
    assert set(config.SCHEMES) == set(SCHEMES)
    assert set(config.FRAMINGS) == set(scanners.READERS)
    assert set(config.FEEDBACKS) == set(scanners.FEEDBACKS)
    assert set(config.PROTOCOLS) == set(scales.READERS) == set(scales.ASK)
    assert config.LANGUAGES == LANGUAGES
    assert config.ASKED == probe.ASKED
    assert config.RECEIPT_LANGUAGES == receipt_printers.LANGUAGES


def test_only_a_zpl_printer_is_ever_asked() -> None:
    assert Printer(url="tcp://a").answers
    assert not Printer(url="tcp://a", asks=False).answers
    assert Printer(url="tcp://a", language="tspl").answers
    assert not Printer(url="tcp://a", language="epl2").answers
    assert not Printer(url="cups://labels").answers
    assert not Printer(url="capture:///r?of=cups://labels").answers


def test_reading_the_file_loads_no_terminal_no_database_and_no_device() -> None:
    loaded = "import sys, station.config; print(*sys.modules)"
    # Our own interpreter and our own words.
    out = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    heavy = {"textual", "sqlalchemy", "serial", "drivers", "sync", "asyncio"}
    assert heavy.isdisjoint(out.stdout.split())
