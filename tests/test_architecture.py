"""The rooms of the package are as ARCHITECTURE.md tells, and so is the way of a call."""

from __future__ import annotations

import importlib
import re
import tomllib
from functools import reduce
from pathlib import Path

import pytest

import pytest_llmchaos

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "pytest_llmchaos"
PAGE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
MOST_ENTRIES = 14
MOST_LINES = {PACKAGE: 400, ROOT / "tests": 500}


def rows(heading):
    """Return the cells of the table under a heading."""
    section = PAGE.partition(heading)[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


ROOMS = [re.findall(r"`(\w+)/?`", row[0]) for row in rows("# Architecture")]
STEPS = [
    (row[0], room, name)
    for row in rows("## The way of one call")
    for room in re.findall(r"`(\w+)`", row[1])
    for name in re.findall(r"`([\w.]+)`", row[2])
]


def layers():
    """Return the contract's layers, each as the names in it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (contract,) = settings["contracts"]
    return [each.split(" | ") for each in contract["layers"]], contract["ignore_imports"]


def test_the_page_and_the_contract_name_the_same_rooms():
    """In the same order, and all of the package is in one of them."""
    contract, exceptions = layers()
    assert [[each for each in row if each != "__init__"] for row in ROOMS] == contract
    assert len(exceptions) <= 3
    entries = {each.stem for each in PACKAGE.iterdir() if each.name not in ("__pycache__", "py.typed")}
    assert entries == {each for row in ROOMS for each in row}
    assert len([row for row in ROOMS if len(row) == 1]) <= MOST_ENTRIES


@pytest.mark.parametrize(("step", "room", "name"), STEPS, ids=[each[2] for each in STEPS])
def test_each_function_on_the_way_of_a_call_is_there(step, room, name):
    """A table that names what is gone misleads who reads it."""
    parts = name.split(".")
    modules = [part for part in parts if part == part.lower() and (PACKAGE / room / part).exists()]
    at = next(at for at, part in enumerate(parts) if part not in modules and not is_module(room, parts[: at + 1]))
    module = importlib.import_module(".".join(["pytest_llmchaos", room, *parts[:at]]))
    if not hasattr(module, parts[at]):  # a class or function in one of the room's files
        homes = [each.stem for each in (PACKAGE / room).glob("*.py") if defines(each, parts[at])]
        module = importlib.import_module(f"pytest_llmchaos.{room}.{homes[0]}")
    assert callable(reduce(getattr, parts[at:], module)), step


def is_module(room, parts):
    """Tell whether the parts name a module or a package in a room."""
    path = PACKAGE.joinpath(room, *parts)
    return path.is_dir() or path.with_suffix(".py").is_file()


def defines(path, name):
    """Tell whether a file defines a class or function of that name."""
    return re.search(rf"^(?:class|def) {name}\b", path.read_text("utf-8"), re.MULTILINE) is not None


def test_the_way_of_a_call_goes_down_once_and_up_once():
    """Through six rooms at most."""
    order = [name for row in ROOMS for name in row]
    way = [order.index(room) for _, room, _ in STEPS]
    lowest = way.index(max(way))
    assert way[: lowest + 1] == sorted(way[: lowest + 1])
    assert way[lowest:] == sorted(way[lowest:], reverse=True)
    assert len({room for _, room, _ in STEPS}) <= 6


@pytest.mark.parametrize("root", MOST_LINES, ids=lambda root: root.name)
def test_no_file_is_so_long_that_it_is_two(root):
    """One that grows is split along its own subject."""
    sizes = {str(each.relative_to(ROOT)): len(each.read_text("utf-8").splitlines()) for each in root.rglob("*.py")}
    assert {name: size for name, size in sizes.items() if size > MOST_LINES[root]} == {}


def test_the_tests_mirror_the_rooms():
    """Whoever changes a room finds its tests in the folder of its name."""
    rooms = {row[0] for row in ROOMS if len(row) == 1}
    assert rooms <= {each.name for each in (ROOT / "tests").iterdir() if each.is_dir()}


@pytest.mark.parametrize("name", ["call", "draw", "errors", "plan", "replies"])
def test_extensions_find_the_language_by_its_short_names(name):
    """`pytest_llmchaos.call` is the same module as `pytest_llmchaos.core.call`."""
    short = importlib.import_module(f"pytest_llmchaos.{name}")
    assert short is importlib.import_module(f"pytest_llmchaos.core.{name}")
    assert getattr(pytest_llmchaos, name) is short
