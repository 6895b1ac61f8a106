import json
from pathlib import Path

from drivers.label_printers import language
from layouts import draw, load_builtin
from station.demo import paper
from station.demo.record import Record, labels


def shipping(tracking: str) -> bytes:
    layout = load_builtin()["shipping"]
    label = draw(layout, {**layout.sample, "tracking": tracking})
    return language("zpl").render(label, 8)


def print_out(folder: Path, n: int, job: bytes) -> None:
    (folder / f"{n:06}.zpl").write_bytes(job)
    with (folder / "printed.jsonl").open("a") as book:
        book.write(json.dumps({"n": n, "file": f"{n:06}.zpl", "odometer": n}) + "\n")


def test_a_scanner_reads_the_tracking_number_off_our_own_label() -> None:
    for tracking in ("RR123456785GB", "SP004006381333931GB", "1Z999AA10123456784", "00340"):
        assert paper.codes(shipping(tracking)) == (tracking,)


def test_the_label_that_came_out_is_told_in_a_line() -> None:
    told = paper.summary(shipping("RR123456785GB"))
    assert {"SIMPARCEL", "Express 24", "GB", "Cambridge CB2 1TN"} <= set(told)
    assert told[-1] == "RR123456785GB"
    assert paper.summary(b"^XA^A0N,20,20^FDsmall print^FS^XZ") == ()


def test_a_command_sheet_has_many_codes_and_a_half_label_none() -> None:
    job = shipping("RR123456785GB")
    assert paper.codes(job[: len(job) // 2]) == ()
    assert paper.codes(job + shipping("RR123456799GB")) == ("RR123456785GB", "RR123456799GB")


def test_the_record_is_read_as_it_grows(tmp_path: Path) -> None:
    record = Record(tmp_path)
    assert record.look() is False
    print_out(tmp_path, 1, shipping("RR123456785GB"))
    assert record.look() is True
    assert record.look() is False
    print_out(tmp_path, 2, shipping("RR123456785GB"))
    with (tmp_path / "printed.jsonl").open("a") as book:
        book.write('{"n": 3, "file": "0000')
    assert record.look() is True
    assert record.out == {"RR123456785GB": 2}
    assert labels(tmp_path) == [("RR123456785GB",), ("RR123456785GB",)]
