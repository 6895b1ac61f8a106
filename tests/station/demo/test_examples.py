"""Every example in a docstring of the demo and of its commands is true."""

import doctest
from importlib import import_module

import pytest

MODULES = (
    "station.demo.count",
    "station.demo.guard",
    "station.demo.paper",
    "station.demo.plan",
    "station.demo.process",
    "station.demo.progress",
    "station.demo.robot",
    "station.doctor",
    "station.scan_cli",
    "sync.orders.diagram",
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_are_true(module: str) -> None:
    done = doctest.testmod(import_module(module))
    assert done.attempted
    assert done.failed == 0
