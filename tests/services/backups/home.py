"""An installation with something in it."""

from __future__ import annotations

from pathlib import Path

import orjson
from sqlalchemy import text

from crawdad.app.launch import Launch
from crawdad.store.database import open_database
from crawdad.store.key_values import KeyValues

SECRET = "sk-live-0123456789abcdefghij"


def make_home(folder: Path, **config: object) -> Launch:
    """A home with a configuration, a workspace, a skill, secrets and a device key."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "gateway": {"port": 0},
        "models": {"providers": {"openai": {"apiKey": SECRET, "baseUrl": "https://api.openai.com/v1"}}},
        **config,
    }
    (folder / "openclaw.json").write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    (folder / ".env").write_text(f"EXTRA_TOKEN={SECRET}\n")
    for path, content in {
        "workspace/SOUL.md": "soul",
        "workspace/notes/day.md": "a day",
        "workspace/node_modules/big.js": "left out",
        "skills/tea/SKILL.md": "tea",
        "identity/device.json": f'{{"privateKey": "{SECRET}"}}',
    }.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    return Launch(folder, folder / "openclaw.json", {"PATH": "/usr/bin:/bin"})


async def remember(launch: Launch, value: str) -> None:
    """Put something into the database."""
    async with open_database(f"sqlite:///{launch.home / 'crawdad.db'}") as database:
        await KeyValues(database).put("test.value", value)


async def remembered(launch: Launch) -> str:
    """What was put there last."""
    async with open_database(f"sqlite:///{launch.home / 'crawdad.db'}") as database:
        async with database.read() as connection:
            await connection.execute(text("PRAGMA integrity_check"))
        return str(await KeyValues(database).get("test.value"))


def every_byte(folder: Path) -> bytes:
    """All that lies below a folder, inflated where it is compressed."""
    import zlib

    found = b""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found += data + (zlib.decompress(data[1:]) if data[:1] == b"z" and len(path.name) == 64 else b"")
    return found
