"""The command line for what happens on the floor: takeovers, and the chains of the journal."""

from __future__ import annotations

from sync.hub import home
from sync.orders import facts
from tests.sync.hub.test_cli import Run, here, hub
from tests.sync.hub.world import World

__all__ = ["here", "hub"]


def two_benches(here: World) -> str:
    (id,) = here.place()
    here.pull()
    here.bench("b1")
    here.rounds.allot_all()
    here.bench("b2")
    return id


def test_a_takeover_is_tried_done_and_on_record(hub: Run, here: World) -> None:
    id = two_benches(here)
    asked = ("order", "takeover", id, "b2", "--why", "b1 is dead", "--by", "S1", "--json")
    status, tried, _ = hub(*asked, "--dry-run")
    assert (status, tried[0]["result"]) == (0, "would be done")
    assert here.shipment(id).bench == "b1"
    status, done, _ = hub(*asked)
    assert (status, done[0]["done"]) == (0, True)
    assert here.shipment(id).bench == "b2"
    status, again, _ = hub(*asked)
    assert (status, again[0]["result"]) == (1, "b2 has it already")
    _, troubles, _ = hub("trouble", "list", "--json")
    assert "b1 is dead" in troubles[0]["sentence"]
    _, history, _ = hub("order", "history", id, "--json")
    (given,) = [one for one in history if one["what"] == "shipment-allocated"][1:]
    assert given["by"] == "S1"


def test_a_takeover_wants_a_reason_and_may_be_of_many(hub: Run, here: World) -> None:
    id = two_benches(here)
    assert hub("order", "takeover", id, "b2")[0] == 2
    assert hub("order", "takeover", "b2", "--why", "x")[0] == 1
    status, done, _ = hub(
        "order", "takeover", "b2", "--state", "allocated", "--why", "b1 is dead", "--json"
    )
    assert (status, [one["order"] for one in done]) == (0, [id])


def test_what_nobody_has_begun_is_asked_back_and_may_be_kept_after_all(
    hub: Run, here: World
) -> None:
    id = two_benches(here)
    asked = ("order", "give", id, "b2", "--by", "S1", "--json")
    status, tried, _ = hub(*asked, "--dry-run")
    assert (status, tried[0]["result"]) == (0, "would be: b1 is asked for it")
    assert here.shipment(id).wanted == ""
    status, done, _ = hub(*asked)
    assert (status, done[0]["result"]) == (0, "b1 is asked for it")
    _, shown, _ = hub("order", "show", id, "--json")
    assert (shown["shipments"][0]["bench"], shown["shipments"][0]["wanted"]) == ("b1", "b2")
    status, again, _ = hub(*asked)
    assert (status, again[0]["done"]) == (1, False)
    status, kept, _ = hub("order", "give", id, "b1", "--json")
    assert (status, kept[0]["result"]) == (0, "b1 keeps it")
    _, history, _ = hub("order", "history", id, "--json")
    said = {one["what"]: one["by"] for one in history}
    assert said["shipment-wanted"] == "S1"
    assert "wish-withdrawn" in said


def test_all_that_a_bench_has_not_begun_is_asked_back_at_once(hub: Run, here: World) -> None:
    id = two_benches(here)
    (second,) = here.place()
    here.pull()
    assert hub("order", "give", "b2")[0] == 1
    _, listed, _ = hub("order", "list", "--at", "b1", "--json")
    assert [one["id"] for one in listed] == [id]
    status, done, _ = hub("order", "give", "b2", "--at", "b1", "--json")
    assert (status, [one["order"] for one in done]) == (0, [id])
    status, done, _ = hub("order", "give", second, "b2", "--json")
    assert (status, done[0]["result"]) == (0, "b2 has it")


def test_the_chains_are_walked_and_a_break_is_named(hub: Run, here: World) -> None:
    id = two_benches(here)
    here.record(id, facts.OrderHeld(shipment=f"{id}#1", hold="fraud"))  # type: ignore[arg-type]
    status, chains, words = hub("audit", "verify", "--json")
    assert (status, [one["broken_at"] for one in chains]) == (0, [None])
    assert "0 of them broken" in words
    with home.opened(None) as opened, opened.store.write() as connection:
        connection.exec_driver_sql(
            "UPDATE entry SET body = replace(body, 'fraud', 'stock') WHERE kind = 'order-held'"
        )
    status, chains, words = hub("audit", "verify", "--json")
    assert (status, chains[0]["broken_at"]) == (1, chains[0]["entries"])
    assert "1 of them broken" in words


def test_a_bench_that_could_never_report_is_not_made(hub: Run, here: World) -> None:
    for name in ("hub", "", " ", "b\0", "b" * 61):
        assert hub("bench", "code", name)[0] == 1, (
            f"{name!r}: its entries would be taken for others"
        )
    for minutes in ("0", "-1", "nan", "inf"):
        assert hub("bench", "code", "b1", "--lease-minutes", minutes)[0] == 1
    assert hub("bench", "code", "一号台", "--lease-minutes", "30", "--json")[0] == 0
    assert "一号台" in [one["bench"] for one in hub("bench", "list", "--json")[1]]
