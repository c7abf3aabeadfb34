"""The guide of plugins: its example loads and works, and its table of hooks is the code's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.plugin_hooks import HOOKS, BeforeToolCall
from crawdad.core.plugin_manifest import read_manifest
from crawdad.plugins.api import NoServices, PluginApi
from crawdad.plugins.importing import PluginModules
from tests.docs.pages import ROOT, blocks

PAGES = ("docs/plugins.md", "docs/plugins.zh-CN.md")
_ROW = re.compile(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
async def test_the_example_works(page: str, tmp_path: Path) -> None:
    (manifest,) = blocks("json", page)
    (code,) = blocks("python", page)
    (tmp_path / "hello.py").write_text(code.text)
    found = read_manifest(manifest.text.encode(), "crawdad.plugin.json")
    api = PluginApi(found, {"word": "Good morning"}, tmp_path, NoServices())
    modules = PluginModules("hello", str(tmp_path), "hello")
    try:
        modules.function(found.entry)(api)
        run: Any = api.registered.tools["greet"].run
        assert await run({"name": "Ann"}, None) == "Good morning, Ann!"
        ((_, hook),) = api.registered.hooks
        answer: Any = hook.function(BeforeToolCall(tool="greet", arguments={"name": ""}))
        assert await answer == {"refuse": "nobody to greet"}
    finally:
        modules.forget()


@pytest.mark.parametrize("page", PAGES)
def test_the_hooks_are_those_of_the_code(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    told = {name: set(re.findall(r"`(\w+)`", changes)) for name, changes in _ROW.findall(text) if name in HOOKS}
    assert told == {name: set(kind.changes) for name, kind in HOOKS.items()}
