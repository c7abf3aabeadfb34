"""Everything wrong is found at once, placed, and worded in both languages without telling a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crawdad.core.catalogue.configuration import MESSAGES
from crawdad.core.text import LANGUAGES
from crawdad.services.configuration.loading import Loaded
from tests.services.configuration.fakes import source_of

SOURCES = Path(__file__).parents[3] / "src/crawdad"


async def load(text: str | None, environment: dict[str, str] | None = None) -> Loaded:
    source, _ = source_of(text, environment)
    return await source.load()


async def test_no_file_means_defaults() -> None:
    loaded = await load(None)
    assert loaded.settings is not None and loaded.settings.gateway.port == 18789
    assert (loaded.problems, loaded.hash, loaded.is_valid) == ((), "", True)


async def test_all_problems_come_at_once_with_their_lines() -> None:
    loaded = await load(
        """{
  gateway: {
    port: 70000,
    drainSeconds: -1,
    auth: { mode: "tokn" },
    trustedProxies: "10.0.0.1",
    privateNetworks: "maybe",
  },
  models: { providers: {
    a: { apiKey: 5 },
    b: { baseUrl: "", models: [{ name: "x" }, 7] },
    c: "http://c",
    d: { baseUrl: "ftp://d", weight: "heavy" },
  } },
  logging: { level: "loud", retentionDays: 0 },
  retry: [],
}"""
    )
    assert loaded.settings is None
    found = {(p.path, p.line, p.message.key.removeprefix("configuration.")) for p in loaded.problems}
    assert found == {
        ("gateway.port", 3, "bound.most"),
        ("gateway.drainSeconds", 4, "bound.least"),
        ("gateway.auth.mode", 5, "choice.near"),
        ("gateway.trustedProxies", 6, "kind.list"),
        ("gateway.privateNetworks", 7, "kind.boolean"),
        ("models.providers.a.baseUrl", 10, "missing"),
        ("models.providers.a.apiKey", 10, "kind.text"),
        ("models.providers.b.baseUrl", 11, "kind.filled"),
        ("models.providers.b.models[0].id", 11, "missing"),
        ("models.providers.b.models[1]", 11, "kind.object"),
        ("models.providers.c", 12, "kind.object"),
        ("models.providers.d.baseUrl", 13, "base_url"),
        ("models.providers.d.weight", 13, "kind.number"),
        ("logging.level", 15, "choice"),
        ("logging.retentionDays", 15, "bound.above"),
        ("retry", 16, "kind.object"),
    }


async def test_words_name_the_key_the_line_and_the_fix_in_both_languages() -> None:
    (problem,) = (
        await load('{\n  models: { providers: { x: { baseUrl: "http://x", api: "openai-completion" } } }\n}')
    ).problems
    assert problem.describe("en") == (
        "/srv/crawdad/openclaw.json:2:57: models.providers.x.api: This is not one of the possible values. "
        "Did you mean 'openai-completions'? Possible are: openai-completions, openai-responses, anthropic-messages, "
        "google-generative-ai, ollama."
    )
    assert "您是否想写“openai-completions”" in problem.describe("zh")


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("gateway: {prot: 1}", "port"),
        ("gateway: {max_body_bytes: 1}", "maxBodyBytes"),
        ("gateway: {auth: {admintoken: 'x'}}", "adminToken"),
        ("models: {providers: {x: {base_url: 'http://x', baseUrl: 'http://x'}}}", "baseUrl"),
        ("modles: {}", "models"),
        ("chanels: {}", "channels"),
        ("models: {rules: [{match: '*', target: []}]}", "targets"),
        ("models: {providers: {x: {baseUrl: 'http://x', models: [{id: 'm', context_window: 5}]}}}", "contextWindow"),
    ],
)
async def test_an_unknown_key_is_a_warning_with_the_nearest_known(key: str, near: str) -> None:
    loaded = await load(f"{{{key}}}")
    (problem,) = loaded.problems
    assert not problem.is_error and loaded.settings is not None
    assert f"Did you mean '{near}'?" in problem.fix.render("en")


async def test_an_unknown_key_like_no_other_is_only_reported() -> None:
    (problem,) = (await load("{gateway: {zzzzzz: 1}}")).problems
    assert (problem.path, problem.message.key, problem.is_error) == (
        "gateway.zzzzzz",
        "configuration.key.unknown",
        False,
    )


@pytest.mark.parametrize(
    "auth",
    ["token: ''", "token: 'changeme'", "adminToken: ' Change-Me '", "password: '<your-token>'", "token: 'undefined'"],
)
async def test_empty_and_well_known_secrets_are_refused(auth: str) -> None:
    loaded = await load(f"{{gateway: {{auth: {{{auth}}}}}}}")
    assert {p.message.key for p in loaded.problems if p.is_error} == {"configuration.token.placeholder"}


async def test_a_placeholder_in_the_environment_is_refused_too() -> None:
    (problem,) = (await load(None, {"CRAWDAD_TOKEN": "changeme"})).problems
    assert problem.is_error and "CRAWDAD_TOKEN" in problem.fix.render("en")


@pytest.mark.parametrize("bind", ["lan", "0.0.0.0", "192.168.1.5", "::"])
async def test_an_open_door_is_for_this_machine_only(bind: str) -> None:
    loaded = await load(f"{{gateway: {{bind: '{bind}', auth: {{mode: 'none'}}}}}}")
    assert [(p.path, p.is_error) for p in loaded.problems] == [("gateway.auth.mode", True)]
    for loopback in ("loopback", "127.0.0.1", "::1", "localhost"):
        assert (await load(f"{{gateway: {{bind: '{loopback}', auth: {{mode: 'none'}}}}}}")).is_valid


@pytest.mark.parametrize("bind", ["everywhere", "1.2.3", "host:80", ""])
async def test_a_bind_that_is_no_address_is_an_error(bind: str) -> None:
    assert [p.message.key for p in (await load(f"{{gateway: {{bind: '{bind}'}}}}")).problems] == ["configuration.bind"]


CANARY = "sk-canary-4242424242424242"


@pytest.mark.parametrize(
    "text",
    [
        f"{{gateway: {{port: '{CANARY}', bind: '{CANARY}', auth: {{mode: '{CANARY}', token: ['{CANARY}']}}}}}}",
        f"{{models: {{providers: {{x: {{baseUrl: '{CANARY}', api: '{CANARY}', apiKey: {{id: '{CANARY}'}}, auth: '{CANARY}'}}}}}}}}",
        f"{{models: {{providers: {{x: {{baseUrl: 'http://x', apiKey: '{CANARY}', weight: '{CANARY}'}}}}}}}}",
        f"{{models: {{providers: {{x: {{baseUrl: 'http://x', apiKey: '{CANARY}\n'}}}}}}}}",
        f"{{models: {{providers: {{x: {{baseUrl: 'http://x', apiKey: {CANARY}}}}}}}}}",
        f"{{models: {{providers: {{x: {{baseUrl: 'http://x', headers: '{CANARY}'}}}}}}, logging: {{level: '{CANARY}'}}}}",
        f"{{models: {{providers: {{x: {{baseUrl: 'http://x', apiKey: '{CANARY}', apiKey: '{CANARY}'}}}}}}}}",
        "{gateway: {port: '${CANARY}', auth: {token: '${CANARY}', mode: '${CANARY}'}}, models: {providers: '${CANARY}'}}",
        "{gateway: {auth: {token: '$" + CANARY.upper().replace("-", "_") + "'}}}",
    ],
)
async def test_no_message_ever_holds_a_secret(text: str) -> None:
    loaded = await load(text, {"CANARY": CANARY, "CRAWDAD_LOG_LEVEL": CANARY})
    assert loaded.problems
    for problem in loaded.problems:
        for language in LANGUAGES:
            assert "canary" not in problem.describe(language).lower()
    assert "canary" not in repr(loaded.settings)
    assert "4242" not in "".join(repr(problem) for problem in loaded.problems)


def test_every_message_says_the_same_in_both_languages_and_has_a_fix() -> None:
    for key, (english, chinese) in MESSAGES.items():
        assert english and chinese and english != chinese, key
        fields = [set(re.findall(r"(?<!\{)\{(\w+)\}", text)) for text in (english, chinese)]
        assert fields[0] == fields[1], key


def test_every_key_that_the_code_names_is_in_the_catalogue() -> None:
    code = "\n".join(path.read_text() for path in (SOURCES / "services/configuration").rglob("*.py"))
    named = set(re.findall(r'findings\.(?:error|warning)\(\s*f?"([^"]+)"', code)) | {"variable.missing"}
    named |= {f"syntax.{key}" for key in re.findall(r'(?:_Fault\([^"\n]*|self\.report\([^"\n]*)"(\w+)"', code)}
    named = {key for key in named if "{" not in key} | {
        f"kind.{kind}" for kind in ("text", "filled", "integer", "number")
    }
    named |= {f"kind.{kind}" for kind in ("boolean", "object", "list", "other")}
    named |= {f"bound.{bound}" for bound in ("above", "least", "below", "most")}
    assert len(named) > 50
    assert not {
        key for key in named if f"configuration.{key}" not in MESSAGES or f"configuration.{key}.fix" not in MESSAGES
    }
    texts = set(re.findall(r'Text\(\s*"((?:configuration|files|secret_box)[\w.]+)"', code))
    for folder in ("adapters/files/reading.py", "adapters/files/replacing.py"):
        texts |= set(re.findall(r'"(files\.\w+)"', (SOURCES / folder).read_text()))
    box = (SOURCES / "adapters/secret_box.py").read_text()
    texts |= {f"secret_box.{key}" for key in re.findall(r'_unavailable\("(\w+)"', box)}
    assert not texts - MESSAGES.keys()
