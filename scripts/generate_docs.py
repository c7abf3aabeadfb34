"""The documents, and other files, that are made from the code. With `--check`: whether they are as the code has them now."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_CHINESE = "--chinese-command-line"
os.environ["CRAWDAD_LANG"] = "zh" if _CHINESE in sys.argv[1:] else "en"  # read when the commands are imported

ROOT = Path(__file__).parents[1]
_WIDTH = 100


def command_line() -> str:
    """`docs/cli.md`: the help of every command."""
    from crawdad.app.commands.group import COMMANDS, root_group

    group = root_group()
    root = group.make_context("crawdad", ["version"], terminal_width=_WIDTH, max_content_width=_WIDTH)
    chinese = os.environ["CRAWDAD_LANG"] == "zh"
    other = "[English](cli.md)" if chinese else "[简体中文](cli.zh-CN.md)"
    sections = ["# 命令行" if chinese else "# The command line", other, _block(group, root)]
    for name in COMMANDS:
        command = group.get_command(root, name)
        assert command is not None
        sections += _sections(command, f"crawdad {name}")
    return "\n\n".join(sections) + "\n"


def chinese_command_line() -> str:
    """`docs/cli.zh-CN.md`: the same in a process of its own, for the language of the commands is that of the process."""
    command = [sys.executable, __file__, _CHINESE]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, env=environment, capture_output=True, check=True, encoding="utf-8").stdout


def _sections(command: Any, path: str) -> Iterator[str]:
    from typer import Context

    yield f"## `{path}`"
    context = Context(command, info_name=path, terminal_width=_WIDTH, max_content_width=_WIDTH)
    yield _block(command, context)
    for name, child in getattr(command, "commands", {}).items():
        yield from _sections(child, f"{path} {name}")


def _block(command: Any, context: Any) -> str:
    return f"```text\n{command.get_help(context).rstrip()}\n```"


def configuration(language: str) -> Callable[[], str]:
    """`docs/configuration.md` and its translation: every key and variable."""

    def generate() -> str:
        from settings_document import document

        return document(language)

    return generate


def protocols() -> str:
    """`docs/protocols.md`: what each protocol can say."""
    from protocols_document import document

    return document()


def control_protocol(language: str) -> Callable[[], str]:
    """`docs/control-protocol.md` and its translation: methods and events of the control channel."""

    def generate() -> str:
        from control_document import document

        return document(language)

    return generate


def management_routes() -> str:
    """`ui/openapi.json`: the management routes, for the web console's client."""
    from openapi_document import document

    return document()


def newest_schema() -> str:
    """`newest.sql`: what the migrations leave behind, for databases that begin with it."""
    import asyncio
    import tempfile

    from sqlalchemy.ext.asyncio import create_async_engine

    from crawdad.store import schema

    async def made(path: str) -> str:
        engine = create_async_engine(f"sqlite+aiosqlite:///{path}")
        try:
            async with engine.begin() as connection:
                await schema.migrate(connection)
                return await schema.in_sql(connection)
        finally:
            await engine.dispose()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(made(f"{folder}/crawdad.db"))


DOCUMENTS: dict[str, Callable[[], str]] = {
    "docs/cli.md": command_line,
    "docs/cli.zh-CN.md": chinese_command_line,
    "docs/configuration.md": configuration("en"),
    "docs/configuration.zh-CN.md": configuration("zh"),
    "docs/control-protocol.md": control_protocol("en"),
    "docs/control-protocol.zh-CN.md": control_protocol("zh"),
    "docs/protocols.md": protocols,
    "src/crawdad/store/migrations/newest.sql": newest_schema,
    "ui/openapi.json": management_routes,
}


def main() -> int:
    """Write or check every document; the exit code."""
    if _CHINESE in sys.argv[1:]:
        sys.stdout.write(command_line())
        return 0
    stale = []
    for name, generate in DOCUMENTS.items():
        path, text = ROOT / name, generate()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in sys.argv[1:]:
            stale.append(name)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    for name in stale:
        print(f"{name} is not what the code says. Run 'make docs'.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
