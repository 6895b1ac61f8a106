"""The command that starts the outside world, as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.simulate import cli
from tests.data import ROOT


@contextmanager
def started(*arguments: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "sync.simulate", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline()), process
        finally:
            process.kill()


def test_marketplaces_say_how_to_connect_and_keep_their_books(tmp_path: Path) -> None:
    state = str(tmp_path / "books.db")
    with started("marketplaces", "--orders", "7", "--state", state) as (said, process):
        amazon = said["amazon"]
        known = amazon["credentials"]
        assert set(known) == {
            *("client_id", "client_secret", "refresh_token"),
            *("marketplace_ids", "seller_id", "region"),
        }
        form = {name: known[name] for name in ("client_id", "client_secret", "refresh_token")}
        token = httpx.post(amazon["token_url"], data={"grant_type": "refresh_token", **form}).json()
        found = httpx.get(
            f"{amazon['base_url']}/orders/2026-01-01/orders",
            params={"createdAfter": "2020-01-01T00:00:00Z"},
            headers={"x-amz-access-token": token["access_token"]},
        ).json()
        assert len(found["orders"]) == said["orders"] == 7
        assert len(httpx.get(said["goods_url"]).text.splitlines()) == 121
        process.kill()
    with started("marketplaces", "--orders", "9", "--state", state) as (again, process):
        assert (again["orders"], again["amazon"]["credentials"]) == (7, known)
        assert httpx.get(again["books_url"]).json()["amazon"]["totals"]["orders"] == 7
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert process.returncode in (0, -signal.SIGTERM)


def test_the_carrier_says_where_it_sells() -> None:
    with started("carrier") as (said, process):
        assert said["services"] == ["standard", "express"]
        assert "paths" in httpx.get(said["openapi_url"]).json()
        assert httpx.get(said["books_url"]).json()["carrier"]["totals"]["labels"] == 0
        # A taken port is a sentence, not a traceback.
        port = said["base_url"].rpartition(":")[2]
        command = [sys.executable, "-m", "sync.simulate", "carrier", "--port", port]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert "taken" in second.stderr
        assert "Traceback" not in second.stderr
        process.kill()


@pytest.mark.parametrize(
    "arguments",
    [
        ["marketplaces", "--fault", "earthquake"],
        ["marketplaces", "--fault", "slow=2"],
        ["marketplaces", "--odds", "cursed=0.1"],
        ["marketplaces", "--odds", "masked=often"],
        [],
    ],
)
def test_wrong_usage_is_two_and_names_what_there_is(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "simulate" in capsys.readouterr().err


def test_the_goods_are_printed_for_importing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["goods"]) == 0
    assert capsys.readouterr().out.startswith("sku,name,")
