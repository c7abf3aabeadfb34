"""The whole of it on a real disk, with a real key, in several processes."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path

from crawdad.adapters.files import LocalFiles
from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.services.configuration import commands, edits
from crawdad.services.configuration.source import ConfigurationSource
from tests.support.waiting import PATIENCE

TEXT = """// The gateway of the house
{
  gateway: { auth: { token: "plain-token-0123456789" } }, // the door
  models: { providers: { x: { baseUrl: "http://x", apiKey: 'plain-key' } } },
}
"""


def source_in(home: Path) -> ConfigurationSource:
    box = KeyedSecretBox(str(home / "secret.key"))
    return ConfigurationSource(str(home / "openclaw.json"), LocalFiles(), {}, box)


def everything_in(home: Path) -> str:
    return "".join((home / name).read_text() for name in sorted(os.listdir(home)))


async def test_secrets_leave_the_disk_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "openclaw.json"
    path.write_text(TEXT)
    loaded = await source_in(tmp_path).load(seal=True)
    assert loaded.is_valid and not loaded.problems
    written = await commands.set_value(source_in(tmp_path), "models.providers.x.apiKey", "plain-key-two")
    assert written.written
    assert sorted(os.listdir(tmp_path)) == ["openclaw.json", "openclaw.json.bak", "secret.key"]
    assert "plain" not in everything_in(tmp_path)
    text = path.read_text()
    assert text.startswith("// The gateway of the house\n{\n  gateway: {") and "}, // the door\n" in text
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in os.listdir(tmp_path)} == {0o600}
    reading = await commands.get(source_in(tmp_path), "models.providers.x.apiKey", reveal=True)
    assert reading.value == "plain-key-two"


async def test_a_lost_key_is_told_with_key_and_fix(tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text(TEXT)
    await source_in(tmp_path).load(seal=True)
    (tmp_path / "secret.key").unlink()
    loaded = await source_in(tmp_path).load(seal=True)
    assert [p.path for p in loaded.problems] == ["gateway.auth.token", "models.providers.x.apiKey"]
    assert [p.line for p in loaded.problems] == [3, 4]
    assert all("secret.key" in p.describe(language) for p in loaded.problems for language in ("en", "zh"))
    assert not (tmp_path / "secret.key").exists()


async def test_a_file_edited_by_hand_is_taken_up_and_sealed(tmp_path: Path) -> None:
    path = tmp_path / "openclaw.json"
    path.write_text(TEXT)
    source = source_in(tmp_path)
    changes = source.changes(await source.load(seal=True), seal=True)

    async def edit() -> None:
        fresh = tmp_path / "editor"
        fresh.write_text(edits.set_value(path.read_text(), ("models", "providers", "x", "apiKey"), "plain-by-hand"))
        fresh.replace(path)

    telling = asyncio.wait_for(anext(changes), PATIENCE)
    loaded, _ = await asyncio.gather(telling, edit())
    assert loaded.settings is not None
    key = loaded.settings.models.providers["x"].api_key
    assert key is not None and key.reveal() == "plain-by-hand"
    assert "plain" not in everything_in(tmp_path)
    await changes.aclose()


WRITER = """
import asyncio, sys
from tests.services.configuration.test_on_disk import Path, commands, source_in
async def write():
    for number in range(3):
        await commands.set_value(source_in(Path(sys.argv[1])), f"models.aliases.w{sys.argv[2]}n{number}", "m")
asyncio.run(write())
"""


async def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text(TEXT)
    root = Path(__file__).parents[3]
    environment = {"PYTHONPATH": f"{root / 'src'}:{root}"}
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(tmp_path), str(number), env=environment)
        for number in range(3)
    ]
    assert [await writer.wait() for writer in writers] == [0, 0, 0]
    aliases = edits.value_of((tmp_path / "openclaw.json").read_text())["models"]["aliases"]
    assert sorted(aliases) == [f"w{writer}n{number}" for writer in range(3) for number in range(3)]
    assert "plain" not in everything_in(tmp_path)
