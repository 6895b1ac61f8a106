"""New devices in station.toml, and all the rest of it as it was."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import config
from station.setup import written
from station.setup.written import Tables, Unwritable

TABLES: Tables = {
    "scales.bench": {"url": "serial:///dev/b", "protocol": "nci"},
    "printers.labels": {
        "url": "tcp://10.0.0.1",
        "language": "zpl",
        "dots_per_mm": 12,
        "prints": ("label", "paper"),
    },
}
OURS = """\
# The bench by the window; ask Jo.
language = "zh"    # she reads it

[printers.labels]  # the Zebra
url = "tcp://10.0.0.7"   # desk 3
asks = false

# nobody touch this
[work]
slip = true
boxes = [["S", 80]]
"""


def test_a_new_file_says_what_was_found(tmp_path: Path) -> None:
    file = tmp_path / "new" / "station.toml"
    written.write(file, TABLES)
    read = config.read(file)
    assert read.scales["bench"].protocol == "nci"
    assert read.printers["labels"].dots_per_mm == 12
    assert not (tmp_path / "new" / written.BEFORE).exists()


def test_comments_other_keys_and_other_tables_stay_and_the_old_file_is_kept(
    tmp_path: Path,
) -> None:
    file = tmp_path / "station.toml"
    file.write_text(OURS, "utf-8")
    written.write(file, TABLES)
    text = file.read_text("utf-8")
    for kept in ("# The bench by the window; ask Jo.", "# she reads it", "# the Zebra", "# desk 3"):
        assert kept in text
    assert "# nobody touch this\n[work]\nslip = true" in text
    assert (tmp_path / written.BEFORE).read_text("utf-8") == OURS
    read = config.read(file)
    assert read.printers["labels"].url == "tcp://10.0.0.1"
    assert not read.printers["labels"].asks
    assert read.language == "zh"


@pytest.mark.parametrize(
    "text",
    [
        'printers = { labels = { url = "tcp://a" } }\n',
        '[printers]\nlabels = { url = "tcp://a" }\n',
        'printers.labels.url = "tcp://a"\n',
        '[printers.labels]\nurl = """\ntcp://a"""\n',
        "this is no toml\n",
        '[work]\nshop = """\n[printers.labels]\nurl = "x"\n"""\n',
    ],
)
def test_a_file_that_cannot_be_changed_safely_is_left_and_said_with_what_to_write(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "station.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(Unwritable, match=r"(?s)station\.toml .*Add by hand:.*\[printers\.labels\]"):
        written.write(file, TABLES)
    assert file.read_text("utf-8") == text


def test_setting_up_twice_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text(OURS, "utf-8")
    written.write(file, TABLES)
    once = file.read_text("utf-8")
    written.write(file, TABLES)
    assert file.read_text("utf-8") == once


LINES = st.sampled_from(
    ["", "# a note", "[scales.bench]", 'url = "a://b" # left', "[work]", "slip = true", "  "]
)


@given(st.lists(LINES, max_size=12))
def test_what_comes_out_says_what_it_should_or_is_refused(lines: list[str]) -> None:
    text = "\n".join(lines)
    new = written.merged(text, TABLES)
    try:
        old = tomllib.loads(text)
        said = tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        return
    assert said["scales"]["bench"]["url"] == "serial:///dev/b"
    assert said.get("work") == old.get("work")
    assert all(line in new for line in lines if line.startswith("#"))
