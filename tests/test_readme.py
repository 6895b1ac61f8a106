"""README says what is so."""

from pathlib import Path

from station import cli
from sync.orders import diagram

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_states_are_drawn_as_the_tables_have_them() -> None:
    """Mend it with `python -m tests.test_readme`."""
    assert _drawn(README) == README


def test_every_file_that_is_named_is_there() -> None:
    named = {
        word.strip("`()[],.:;")
        for word in README.replace("](", " ").split()
        if "/" in word and word.strip("`()[],.:;").split("/")[0] in _FOLDERS
    }
    assert "station/flows/pack.py" in named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_commands_that_are_named_are_there() -> None:
    for word in ("enrol", "doctor", "bench", "device"):
        assert f"packbench {word}" in README
        assert word in cli.COMMANDS


_FOLDERS = ("station", "drivers", "sync", "layouts", "tests")


def _drawn(text: str) -> str:
    for name, picture in (("shipment", diagram.shipment()), ("parcel", diagram.parcel())):
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{picture}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    (ROOT / "README.md").write_text(_drawn(README), "utf-8")
