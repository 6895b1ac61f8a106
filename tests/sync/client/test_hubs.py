"""Which of the hub's processes is asked?"""

from __future__ import annotations

from sync.client.hubs import Hubs

NAMED, OTHER, THIRD = "http://10.0.0.1:9200", "http://10.0.0.2:9200", "http://10.0.0.3:9200"


def test_the_next_is_asked_when_one_does_not_answer_and_all_in_turn() -> None:
    hubs = Hubs(NAMED)
    hubs.know((OTHER, THIRD))
    asked = []
    for _ in range(4):
        asked.append(hubs.present)
        hubs.away(hubs.present)
    assert asked == [NAMED, OTHER, THIRD, NAMED]


def test_three_lanes_that_lose_the_same_process_go_on_to_one_other() -> None:
    hubs = Hubs(NAMED)
    hubs.know((OTHER, THIRD))
    for _ in range(3):
        hubs.away(NAMED)
    assert hubs.present == OTHER


def test_who_is_asked_goes_on_being_asked_when_others_come_and_go() -> None:
    hubs = Hubs(NAMED)
    hubs.know((OTHER,))
    hubs.away(NAMED)
    hubs.know((THIRD, OTHER))
    assert hubs.present == OTHER
    hubs.know((THIRD,))
    assert hubs.present == NAMED, "a process that has left is not asked"


def test_a_bench_alone_with_one_address_asks_it_again_and_again() -> None:
    hubs = Hubs(f"{NAMED}/")
    hubs.away(NAMED)
    assert hubs.present == NAMED


def test_https_is_never_left_for_http() -> None:
    hubs = Hubs("https://10.0.0.1:9200")
    hubs.know((OTHER, "nonsense", "http://[broken", "https://10.0.0.2:9200"))
    hubs.away(hubs.present)
    assert hubs.present == "https://10.0.0.2:9200"
