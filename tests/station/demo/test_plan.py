from station.demo import plan
from station.demo.plan import Plan


def test_the_same_seed_is_the_same_fate() -> None:
    asked = Plan(orders=200, benches=2, seed=7, kills=10)
    assert plan.kills(asked) == plan.kills(asked)
    assert plan.kills(asked) != plan.kills(Plan(orders=200, benches=2, seed=8, kills=10))


def test_every_kill_can_happen_and_they_come_in_order() -> None:
    asked = Plan(orders=5, benches=3, seed=1, kills=40)
    kills = plan.kills(asked)
    assert len(kills) == 40
    assert kills == sorted(kills)
    assert {kill.bench for kill in kills} == {0, 1, 2}
    assert all(kill.labels < asked.orders for kill in kills)


def test_each_bench_has_a_name_and_a_packer_of_its_own() -> None:
    asked = Plan(orders=1, benches=12, seed=1)
    assert len(set(plan.bench_names(asked))) == len(set(plan.badges(asked))) == 12
