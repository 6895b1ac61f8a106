"""`packbench label …`, as people and scripts call it."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

import layouts
from drivers.label_printers import LANGUAGES
from station import paper_cli
from tests.drivers.label_printers import outsider


def label(*words: str) -> int:
    parser = argparse.ArgumentParser()
    paper_cli.add_parser(parser.add_subparsers(dest="command", required=True))
    return paper_cli.run(parser.parse_args(["label", *words]))


def test_list_names_every_layout(capsys: pytest.CaptureFixture[str]) -> None:
    assert label("list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == sorted(
        layouts.load_builtin()
    )
    assert label("list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"name", "title", "width", "height", "version"} == set(rows[0])


@pytest.mark.parametrize(
    ("language", "begins"),
    [
        ("zpl", b"^XA"),
        ("tspl", b"SIZE 100 mm"),
        ("escpos", b"\x1b@"),
        ("png", b"\x89PNG"),
        ("pdf", b"%PDF"),
    ],
)
def test_render_draws_the_sample(
    language: str, begins: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert label("render", "shipping", "--sample", "--language", language) == 0
    assert capfdbinary.readouterr().out.startswith(begins)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PACKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_layouts_in_the_home_of_the_bench_lie_over_ours(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tote = (layouts.FOLDER / "tote.toml").read_text(encoding="utf-8")
    (home / "layouts").mkdir(parents=True)
    (home / "layouts" / "tote.toml").write_text(tote.replace("Tote label", "Crate"))
    (home / "layouts" / "bad.toml").write_text(tote.replace("height = 30", "heigth = 30"))
    assert label("list") == 0
    captured = capsys.readouterr()
    assert "Crate" in captured.out
    assert "bad.toml, line 17, part 1 (upper barcode): there is no `heigth` here" in captured.err
    assert label("render", "bad") == 1
    assert "did you mean `height`?" in capsys.readouterr().err


@pytest.mark.slow
def test_check_without_a_file_reads_back_every_layout_in_every_language(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert label("check") == 0
    rows = json.loads(capsys.readouterr().out)
    spoken = (*LANGUAGES, "escpos", "png", "pdf")
    assert len(rows) == len(layouts.load_builtin()) * len(spoken)
    assert all(row["ok"] for row in rows)
    tote = {"symbology": "Code128", "text": "PKTOT0042"}
    assert all(tote in row["codes"] for row in rows if row["layout"] == "tote")


def test_check_names_the_layout_whose_barcode_cannot_be_read(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = home / "layouts"
    own.mkdir(parents=True)
    twice = """title = "T"
width = 60
height = 60
""" + "".join(
        f"""[[part]]
kind = "code128"
x = 10
y = {y}
height = 9
data = "AB"
"""
        for y in (5, 16)
    )
    (own / "twice.toml").write_text(twice + "[sample]\n")
    monkeypatch.setattr(layouts, "FOLDER", own)
    assert label("check") == 1
    assert "twice in zpl" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["zpl", "tspl", "escpos", "png", "pdf"])
def test_check_reads_back_what_render_wrote(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "label"
    assert label("render", "shipping", "--language", language, "-o", str(out)) == 0
    assert label("check", str(out)) == 0
    tracking = layouts.load_builtin()["shipping"].sample["tracking"]
    assert json.loads(capsys.readouterr().out) == [{"symbology": "Code128", "text": tracking}]


def test_render_takes_data_and_a_file_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text((layouts.FOLDER / "tote.toml").read_text(encoding="utf-8"), encoding="utf-8")
    data = tmp_path / "data.json"
    data.write_text('{"tote": "T-7", "name": "箱 7"}', encoding="utf-8")
    out = tmp_path / "tote.png"
    words = ["render", str(own), "--data", str(data), "--language", "png", "--dpmm", "12"]
    assert label(*words, "-o", str(out)) == 0
    assert Image.open(BytesIO(out.read_bytes())).size == (1200, 1800)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["render", "nothing"], "there is no layout 'nothing'"),
        (["render", "shipping", "--data", "absent.json"], "absent.json cannot be read"),
        (["render", "shipping", "-o", "no/such/folder"], "cannot be written"),
        (["check", "absent.zpl"], "absent.zpl cannot be read"),
        (["check", layouts.__file__], "this is no ZPL, PDF or PNG"),
        (["watch", "absent"], "absent is no folder"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_1(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert label(*words) == 1
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (outsider.a_huge_pdf, "has 40 MB"),
        (outsider.a_locked_pdf, "locked by a password"),
        (lambda: outsider.WEB_PAGE, "this is a web page"),
        (lambda: b"", "this file is empty"),
    ],
    ids=["a 40 MB PDF", "a locked PDF", "HTML", "0 bytes"],
)
def test_check_says_of_what_is_no_label_what_it_is_and_what_to_do(
    data: Callable[[], bytes], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "label"
    file.write_bytes(data())
    assert label("check", str(file)) == 1
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1


def test_a_letter_without_a_font_is_said_beside_the_label(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data.json"
    data.write_text('{"tote": "T-7", "name": "\U0001e900"}', encoding="utf-8")
    assert label("render", "tote", "--data", str(data), "-o", str(tmp_path / "x")) == 0
    assert "no font here has \U0001e900" in capsys.readouterr().err


def test_watch_redraws_at_every_save_until_interrupted(tmp_path: Path) -> None:
    source = (layouts.FOLDER / "tote.toml").read_text(encoding="utf-8")
    (tmp_path / "tote.toml").write_text(source, encoding="utf-8")
    code = (
        "import argparse, sys; from station import paper_cli; p = argparse.ArgumentParser(); "
        "paper_cli.add_parser(p.add_subparsers()); sys.exit(paper_cli.run(p.parse_args()))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "label", "watch", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    try:
        assert "watching" in process.stderr.readline()
        assert "tote: drawn to" in process.stderr.readline()
        (tmp_path / "tote.toml").write_text(source.replace("{{ name }}", "{{ naem }}"))
        assert "needs `naem`" in process.stderr.readline()
        (tmp_path / "tote.toml").write_text(source)
        assert "tote: drawn to" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert (tmp_path / "tote.png").read_bytes().startswith(b"\x89PNG")
