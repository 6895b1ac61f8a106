from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import sync.simulate

MODULES = [
    found.name
    for found in pkgutil.walk_packages(sync.simulate.__path__, "sync.simulate.")
    if not found.name.endswith("__main__")
]


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_the_docstrings_are_true(module: str) -> None:
    assert doctest.testmod(import_module(module)).failed == 0
