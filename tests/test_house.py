"""Does the house stand as its plan says? What import-linter does not see."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ("station", "drivers", "sync", "layouts")
ON_TOP = {
    *HOUSE,
    "tests",
    "pyproject.toml",
    "constraints.txt",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
}
MAY_CATCH_EVERYTHING = {"devices.py", "rounds.py", "link.py"}
"""Besides the spool: where a task that dies must say why and be started again."""


MODULES = [path for name in HOUSE for path in sorted((ROOT / name).rglob("*.py"))]


def named(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_module_imports_a_package_that_it_lies_in(path: Path) -> None:
    # import-linter calls that no circle, and it is how circles begin.
    name = named(path)
    if path.name == "__init__.py":
        return
    above = {".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 1)}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            assert not above & {alias.name for alias in node.names}, name
        if isinstance(node, ast.ImportFrom) and node.module in above:
            package = ROOT / Path(*node.module.split("."))
            for alias in node.names:
                beside = (package / f"{alias.name}.py").exists() or (package / alias.name).is_dir()
                assert beside, f"{name} imports {alias.name} from {node.module} itself"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_says_which_question_it_answers(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not tree.body or ast.get_docstring(tree)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_everything_is_caught_only_where_a_thread_must_outlive_it(path: Path) -> None:
    if path.name in MAY_CATCH_EVERYTHING or "spool" in path.parts:
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ExceptHandler) and not _passes_on(node):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in ("everything", "Exception", "BaseException"), node.lineno


def _passes_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_nothing_else_lies_on_top() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    tops = {Path(name).parts[0] for name in listed}
    assert {top for top in tops if not top.startswith(".")} <= ON_TOP


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_no_word_is_used_for_two_things(path: Path) -> None:
    # Never package for parcel, workstation for bench (README, glossary).
    names = {
        node.id
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Name)
    }
    for wrong in ("workstation", "package_id", "packages_of"):
        assert not any(wrong in name.lower() for name in names)
