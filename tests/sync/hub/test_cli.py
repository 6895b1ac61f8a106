"""The hub's command line: what programs read, what people read, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.hub import home
from sync.hub.cli import LATER, NOUNS, main
from sync.orders import Confirmation
from tests.builders import ADA
from tests.sync.hub.world import Bench, World, world

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a command line with a home of its own: status, JSON (or text), words."""
    monkeypatch.setenv("PACKBENCH_HOME", str(tmp_path))
    monkeypatch.delenv("PACKBENCH_DATABASE", raising=False)

    def run(*said: str) -> tuple[int, Any, str]:
        status = main(said)
        out, err = capsys.readouterr()
        if "--json" in said and status != 2 and out:
            return status, json.loads(out), err
        return status, out, err

    return run


@pytest.fixture
def here(hub: Run, tmp_path: Path) -> Iterator[World]:
    """Give a world whose hub is the one of the command line."""
    with world(tmp_path) as made:
        yield made


def test_every_noun_has_help_and_loads_no_more_than_it_needs() -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "sync.hub", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert time.monotonic() - began < 60
    for noun in NOUNS:
        assert noun in done.stdout
    for heavy in ("sqlalchemy", "httpx", "starlette", "uvicorn"):
        assert heavy not in done.stderr


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun != "simulate"])
def test_help_is_status_0_and_nonsense_status_2(hub: Run, noun: str) -> None:
    assert hub(noun, "--help")[0] == 0
    assert hub(noun, "--nonsense")[0] == 2


@pytest.mark.parametrize("noun", LATER)
def test_what_is_not_in_this_version_says_so(hub: Run, noun: str) -> None:
    status, out, err = hub(noun, "list")
    assert (status, out) == (1, "")
    assert "not in this version" in err


def test_an_unknown_noun_is_a_wrong_usage(hub: Run) -> None:
    assert hub("nonsense")[0] == 2
    assert hub()[0] == 2


def test_a_home_without_a_database_says_what_to_do(hub: Run) -> None:
    status, _, err = hub("bench", "list")
    assert status == 1
    assert "packbench-hub init" in err


def test_making_the_database_twice_is_fine_and_a_newer_one_is_refused(hub: Run) -> None:
    assert hub("init")[0] == 0
    assert hub("migrate")[0] == 0
    with home.opened(None) as opened, opened.store.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '99' WHERE name = 'schema'")
    for verb in ("init", "migrate"):
        status, _, err = hub(verb)
        assert status == 1
        assert "upgrade the hub first" in err


def test_the_key_is_for_its_owner_alone(hub: Run, tmp_path: Path) -> None:
    hub("init")
    assert (tmp_path / "hub.key").stat().st_mode & 0o777 == 0o600


def test_a_channel_is_added_checked_pulled_and_removed(
    hub: Run, here: World, tmp_path: Path
) -> None:
    here.place(3)
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(here.amazon.credentials()), "utf-8")
    (row,) = hub("channel", "list", "--json")[1]
    where = ("--base-url", row["base_url"], "--token-url", f"{row['base_url']}/auth/o2/token")
    scales = ("--rate-scale", "1e6", "--time-scale", "1e6")
    added = hub("channel", "add", "amazon", "de", "--credentials", str(file), *where, *scales)
    assert added[0] == 0
    assert hub("channel", "check", "de")[0] == 0
    status, said, err = hub("channel", "pull", "de", "--json")
    assert status == 0
    assert "3 orders were read, 3 of them new" in err
    for order in said["orders"]:
        assert order["id"] == f"de:{order['channel_order_id']}"
        assert order["state"] == "ready"
        assert order["lines"]
        assert order["ship_by"]
        assert order["address"]["country"]
    assert said["troubles"] == []
    assert hub("channel", "remove", "de")[0] == 0
    assert hub("channel", "remove", "de")[0] == 1
    status, _, err = hub("channel", "pull", "de")
    assert status == 1
    assert "there is no channel de" in err


def test_credentials_are_stored_where_nobody_reads_them(
    hub: Run, here: World, tmp_path: Path
) -> None:
    secret = str(here.amazon.credentials()["client_secret"]).encode()
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix != ".json":
            assert secret not in path.read_bytes()


def test_wrong_credentials_are_one_sentence(hub: Run, here: World, tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    (row,) = hub("channel", "list", "--json")[1]
    where = ("--base-url", row["base_url"], "--token-url", f"{row['base_url']}/auth/o2/token")
    add = ("channel", "add", "amazon", "xx", "--credentials", str(file), *where)
    assert hub(*add)[0] == 1  # there is no such file
    file.write_text("{}", "utf-8")
    status, _, err = hub(*add)
    assert status == 1
    assert "lack client_id" in err
    file.write_text(json.dumps({**here.amazon.credentials(), "client_secret": "x"}), "utf-8")
    assert hub(*add)[0] == 0
    status, _, err = hub("channel", "check", "xx")
    assert status == 1
    assert "check client_id, client_secret and refresh_token" in err
    assert err.count("\n") == 1


def test_a_shipped_order_is_confirmed_by_the_command(hub: Run, here: World) -> None:
    (id,) = here.place()
    here.pull()
    bench: Bench = here.bench()
    here.rounds.allot_all()
    here.rounds.label_all()
    bench.pack(here.order(id))
    status, said, _ = hub("channel", "confirm", "uk", "--json")
    assert status == 0
    assert said == {"parcels": [{"parcel": f"{id}#1/1", "told": "accepted", "why": ""}]}
    assert here.parcel(id).confirmation is Confirmation.ACCEPTED
    assert hub("channel", "confirm", "uk", "--json")[1] == {"parcels": []}


def test_orders_are_listed_shown_held_released_and_cancelled(hub: Run, here: World) -> None:
    first, second = here.place(2)
    here.pull()
    assert {row["id"] for row in hub("order", "list", "--json")[1]} == {first, second}
    number = first.removeprefix("uk:")
    assert hub("order", "show", number, "--json")[1]["id"] == first
    assert hub("order", "hold", number, "fraud", "--why", "looks odd")[0] == 0
    assert [row["id"] for row in hub("order", "list", "--state", "held", "--json")[1]] == [first]
    assert hub("order", "hold", number, "fraud", "--why", "twice")[0] == 1
    dry = hub("order", "release", "--state", "held", "--dry-run", "--json")
    assert dry[1] == [{"order": first, "done": True, "result": "would be done"}]
    assert here.shipment(first).holds
    assert hub("order", "release", "--state", "held", "--by", "ada")[0] == 0
    assert not here.shipment(first).holds
    assert hub("order", "cancel", second, "--why", "out of stock")[0] == 0
    (row,) = hub("order", "list", "--state", "cancelled", "--json")[1]
    assert row["id"] == second
    history = hub("order", "history", first, "--json")[1]
    assert [row["what"] for row in history] == ["order-held", "hold-released"]
    assert history[1]["by"] == "ada"


def test_a_verb_with_neither_order_nor_filter_does_nothing(hub: Run, here: World) -> None:
    here.place()
    here.pull()
    status, _, err = hub("order", "cancel", "--why", "all of them")
    assert status == 1
    assert "filter" in err
    assert hub("order", "show", "nobody")[0] == 1


def test_troubles_are_listed_and_decided(hub: Run, here: World) -> None:
    (id,) = here.place(kind="masked")
    here.pull()
    (row,) = hub("trouble", "list", "--json")[1]
    assert (row["order"], row["kind"], row["actions"]) == (id, "address", ["release", "cancel"])
    assert hub("trouble", "do", str(row["id"]), "sing")[0] == 1
    assert hub("trouble", "do", str(row["id"]), "cancel")[0] == 0
    assert hub("trouble", "list", "--json")[1] == []
    shown = hub("trouble", "show", str(row["id"]), "--json")[1]
    assert shown["action"] in ("cancel", "decided")
    assert hub("trouble", "do", str(row["id"]), "cancel")[0] == 1
    assert here.shipment(id).cancellation == "cancelled"


def test_a_hold_that_the_office_released_is_not_placed_again(hub: Run, here: World) -> None:
    (id,) = here.place(kind="masked")
    here.pull()
    assert hub("order", "release", id)[0] == 0
    read = hub("channel", "pull", "uk", "--since", "2020-01-01", "--json")[1]
    assert [order["id"] for order in read["orders"]] == [id]
    assert not here.shipment(id).holds


def test_orders_and_items_come_from_files(hub: Run, tmp_path: Path) -> None:
    hub("init")
    items = tmp_path / "items.csv"
    items.write_text(
        "sku,name,gtins,grams,bin\nMUG-BL,Mug,4006381333931 05012345678900,330,A-1\n", "utf-8-sig"
    )
    assert hub("item", "import", str(items), "--json")[1] == {"items": 1}
    orders = tmp_path / "orders.json"
    there = {"name": ADA.name, "lines": ADA.lines, "city": ADA.city, "country": ADA.country}
    good = {"id": "1001", "lines": [{"sku": "MUG-BL", "quantity": 2}], "address": there}
    orders.write_text(json.dumps([good, {"id": "1002", "lines": []}, {"id": 7}]), "utf-8")
    status, said, _ = hub("order", "import", str(orders), "--json")
    assert status == 1  # one of them could not be read
    assert list(said["refused"]) == ["row 3"]
    states = {row["id"]: row["state"] for row in hub("order", "list", "--json")[1]}
    assert states == {"import:1001": "ready", "import:1002": "held"}
    line = hub("order", "show", "1001", "--json")[1]["lines"][0]
    assert (line["gtins"], line["bin"]) == (["04006381333931", "05012345678900"], "A-1")


@pytest.mark.parametrize("text", ["", "name\nMug\n", "sku\n\n,\n", "sku,grams\nA,heavy\n"])
def test_an_item_file_that_makes_no_sense_is_refused(hub: Run, tmp_path: Path, text: str) -> None:
    hub("init")
    file = tmp_path / "items.csv"
    file.write_text(text, "utf-8")
    status, _, err = hub("item", "import", str(file))
    if text.startswith("sku\n"):
        assert status == 0 or "no sku" in err
    else:
        assert status == 1
        assert "cannot be taken over" in err


def test_benches_packers_and_carriers_are_listed(hub: Run) -> None:
    hub("init")
    code = hub("bench", "code", "b1", "--json")[1]
    assert len(code["code"]) == 10
    (row,) = hub("bench", "list", "--json")[1]
    assert (row["bench"], row["enrolled"]) == ("b1", False)
    assert hub("bench", "revoke", "nobody")[0] == 1
    hub("packer", "add", "P1", "Mia", "--role", "supervisor")
    assert hub("packer", "list", "--json")[1][0]["role"] == "supervisor"
    assert hub("carrier", "add", "simpost", "post", "--base-url", "http://127.0.0.1:1")[0] == 0
    assert hub("carrier", "list", "--json")[1][0]["kind"] == "simpost"
    assert hub("carrier", "buy", "x")[0] == 1


def test_what_would_be_allocated_is_said_and_not_done(hub: Run, here: World) -> None:
    (id,) = here.place()
    here.pull()
    here.bench()
    (row,) = hub("allocate", "--dry-run", "--json")[1]
    assert (row["shipment"], row["bench"]) == (f"{id}#1", "b1")
    assert here.shipment(id).bench == ""
    assert len(hub("allocate", "--json")[1]) == 1
    assert here.shipment(id).bench == "b1"


@pytest.mark.slow
def test_the_service_starts_says_where_and_stops_when_told(hub: Run, tmp_path: Path) -> None:
    hub("init")
    process = subprocess.Popen(
        [sys.executable, "-m", "sync.hub", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PACKBENCH_HOME": str(tmp_path)},
    )
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    with httpx.Client(base_url=said["base_url"], timeout=60) as client:
        assert client.get("/readyz").text == "ready\n"
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGTERM), err
