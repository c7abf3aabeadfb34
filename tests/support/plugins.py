"""Plugins made for tests: a manifest and a module, written into a folder.

folder = write_plugin(tmp_path, "hello", {"tools": ["hello"]}, '''
    async def hello(arguments, context):
        return "hello"
    def register(api):
        api.register_tool("hello", "Says hello.", {"type": "object"}, hello)
''')
"""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "plugins" / "dice"


def manifest(plugin: str, offers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A manifest with what has to be in it."""
    module = plugin.replace("-", "_")
    needed = {"id": plugin, "version": "1.0.0", "crawdad": ">=1,<2", "entry": f"{module}:register"}
    return {**needed, "offers": offers, **more}


def write_plugin(root: Path, plugin: str, offers: dict[str, Any], code: str, **more: Any) -> Path:
    """Write a plugin below `root`: its folder."""
    folder = root / plugin
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "crawdad.plugin.json").write_text(json.dumps(manifest(plugin, offers, **more)))
    (folder / f"{plugin.replace('-', '_')}.py").write_text(dedent(code))
    return folder
