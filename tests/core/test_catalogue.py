"""Every text that the program names is in the catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import crawdad
from crawdad.core.catalogue import MESSAGES
from crawdad.core.text import Text

_KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
_SOURCES = Path(crawdad.__file__).parent


@cache
def _trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_bytes()) for path in sorted(_SOURCES.rglob("*.py"))}


def _called(call: ast.Call) -> str:
    """The name of a called function; methods are too many to be told apart by their names."""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _makers() -> set[str]:
    """`Text`, and the functions whose first parameter is its key."""
    return {"Text"} | {
        function.name
        for tree in _trees().values()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and _makes_text(function)
    }


def _makes_text(function: ast.FunctionDef) -> bool:
    names = [each.arg for each in function.args.args if each.arg not in ("self", "cls")]
    return bool(names) and any(
        isinstance(call, ast.Call)
        and _called(call) == "Text"
        and call.args
        and isinstance(call.args[0], ast.Name)
        and call.args[0].id == names[0]
        for call in ast.walk(function)
    )


def _named(makers: set[str]) -> Iterator[tuple[str, str]]:
    """Each key that is written out, with its place."""
    for path, tree in _trees().items():
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _called(call) in makers and call.args:
                key = call.args[0]
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and _KEY.fullmatch(key.value):
                    yield key.value, f"{path.relative_to(_SOURCES)}:{call.lineno}"


def test_every_named_text_is_in_the_catalogue() -> None:
    named = list(_named(_makers()))
    assert len({key for key, _ in named}) > 1000
    assert [f"{place}: {key}" for key, place in named if key not in MESSAGES] == []


def test_a_text_without_words_is_told_by_its_key() -> None:
    assert (
        Text("no.such_text", {"path": "a", "why": Text("no.other")}).render("zh") == "no.such_text path=a why=no.other"
    )
