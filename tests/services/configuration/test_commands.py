"""What the command line shows and takes."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.services.configuration import commands, edits
from tests.services.configuration.fakes import MAIN, source_of

TEXT = """{
  gateway: { port: 8045, auth: { token: "a-token-of-some-length" } },
  models: { providers: { "my.corp": { baseUrl: "http://x", apiKey: "short", models: ["a", "b"] } } },
  channels: { telegram: { botToken: "12345:abcdefghijklmnop", name: "bot" } }, talk: { apiKey: "talk-key-of-some-length" },
  database: { url: "postgresql://user:password@host/db" },
}"""


@pytest.mark.parametrize(
    ("path", "value", "origin", "masked"),
    [
        ("gateway.port", 8045, f"{MAIN}:2", False),
        ("gateway.bind", "loopback", "default", False),
        ("retry", {"attempts": 3, "budgetSeconds": 60.0, "baseSeconds": 0.5, "maxSeconds": 20.0}, "default", False),
        ("gateway.auth.token", "a-to…ngth", f"{MAIN}:2", True),
        ("gateway.auth.adminToken", None, "default", False),
        ('models.providers["my.corp"].apiKey', "***", f"{MAIN}:3", True),
        ('models.providers["my.corp"].models[1].id', "b", f"{MAIN}:3", False),
        ("channels.telegram.botToken", "1234…mnop", f"{MAIN}:4", True),
        ("channels.telegram.dmPolicy", "pairing", "default", False),
        ("talk", {"apiKey": "talk…ngth"}, f"{MAIN}:4", True),
        ("database.url", "post…t/db", f"{MAIN}:5", True),
        ("logging.level", "error", "$CRAWDAD_LOG_LEVEL", False),
    ],
)
async def test_a_value_in_effect_is_shown_with_its_origin(path: str, value: Any, origin: str, masked: bool) -> None:
    source, _ = source_of(TEXT, {"CRAWDAD_LOG_LEVEL": "error"})
    reading = await commands.get(source, path)
    assert (reading.path, reading.value, str(reading.origin), reading.masked) == (path, value, origin, masked)


async def test_secrets_are_shown_when_asked_for() -> None:
    source, _ = source_of(TEXT)
    await source.load(seal=True)
    reading = await commands.get(source, 'models.providers["my.corp"].apiKey', reveal=True)
    assert (reading.value, reading.masked) == ("short", False)
    whole = repr((await commands.get(source, "")).value)
    assert "short" not in whole and "a-token-of-some-length" not in whole and "abcdef" not in whole
    assert "password@" not in whole and "enc:v1" not in whole


async def test_secrets_of_channels_are_sealed_in_the_file_and_open_in_the_settings() -> None:
    source, files = source_of(TEXT)
    loaded = await source.load(seal=True)
    assert loaded.settings is not None
    assert loaded.settings.channels["telegram"].written()["botToken"] == "12345:abcdefghijklmnop"
    assert "abcdefghijklmnop" not in files.texts[MAIN] and "abcdefghijklmnop" not in repr(loaded.settings)


async def test_what_is_not_there_is_not_found() -> None:
    source, _ = source_of(TEXT)
    for path in ("nothing", "gateway.port.x", 'models.providers["my.corp"].models[7]'):
        with pytest.raises(GatewayError) as caught:
            await commands.get(source, path)
        assert caught.value.kind is ErrorKind.NOT_FOUND


async def test_a_broken_file_can_still_be_looked_at() -> None:
    source, _ = source_of("{gateway: {port: 'x', bind: 'lan'}}")
    assert (await commands.get(source, "gateway.bind")).value == "lan"


@pytest.mark.parametrize(
    ("path", "text", "as_text", "value"),
    [
        ("gateway.port", "8046", False, 8046),
        ("gateway.bind", "0.0.0.0", False, "0.0.0.0"),
        ("gateway.bind", "lan", False, "lan"),
        ("models.demo", "false", False, False),
        ("models.default", "null", False, None),
        ("models.default", "123", True, "123"),
        ("gateway.trustedProxies", "['10.0.0.1',]", False, ["10.0.0.1"]),
        (
            "models.rules",
            "[{match: 'gpt-*', targets: [{model: 'x/y'}]}]",
            False,
            [{"match": "gpt-*", "targets": [{"model": "x/y"}]}],
        ),
        ("models.aliases.fast", "x/y", False, "x/y"),
        ("models.default", "", False, ""),
    ],
)
async def test_a_value_is_json5_or_else_text(path: str, text: str, as_text: bool, value: Any) -> None:
    source, files = source_of(TEXT)
    written = await commands.set_value(source, path, text, as_text=as_text)
    assert written.written, [p.describe() for p in written.problems]
    target: Any = edits.value_of(files.texts[MAIN])
    for key in path.split("."):
        target = target[key]
    assert target == value


async def test_a_patch_is_one_write() -> None:
    source, files = source_of("{gateway: {port: 1, bind: 'lan'}}")
    written = await commands.merge_patch(source, {"gateway": {"bind": None, "port": 2}, "language": "en"})
    assert written.written and files.texts[MAIN] == "{gateway: {port: 2}, language: 'en'}"


async def test_a_verdict_names_problems_and_files() -> None:
    source, _ = source_of("{gateway: {$include: 'a.json5'}}", others={"a": "{port: 'x'}"})
    verdict = await commands.validate(source)
    assert not verdict.valid and [p.path for p in verdict.problems] == ["gateway.port"]
    assert verdict.files == (MAIN, "/srv/crawdad/a.json5")
    source, _ = source_of("{gatway: {}}")
    verdict = await commands.validate(source)
    assert verdict.valid and len(verdict.problems) == 1
