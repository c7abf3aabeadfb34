"""Secrets do not stay in the file in plain text, and come out of it again."""

from __future__ import annotations

import pytest

from crawdad.services.configuration import commands
from crawdad.services.configuration.secret_paths import looks_secret
from tests.services.configuration.fakes import MAIN, FakeBox, source_of

PLAIN = """\
{
  gateway: { auth: { token: 'token-in-plain-text', adminToken: "admin-in-plain-text", password: 'password-plain-text' } },
  models: { providers: {
    x: {
      baseUrl: 'http://x', // stays
      apiKey: 'sk-plain', // sealed
      headers: { Authorization: 'Bearer plain', 'x-api-key': 'plain', 'X-Team': 'red' },
      models: [ { id: 'm', headers: { 'api-key': 'plain' } } ],
    },
  } },
  env: { OPENAI_API_KEY: 'sk-env-plain', vars: { SOME_TOKEN: 'env-plain', GROUP: 'g' } },
}
"""


async def test_plain_secrets_are_sealed_in_place_and_work() -> None:
    source, files = source_of(PLAIN)
    loaded = await source.load(seal=True)
    sealed = files.texts[MAIN]
    assert "plain" not in sealed
    assert sealed.count("enc:v1:") == 9
    for kept in ("'http://x', // stays", "'X-Team': 'red'", "GROUP: 'g'", " // sealed\n"):
        assert kept in sealed
    settings = loaded.settings
    assert settings is not None and not loaded.problems
    provider = settings.models.providers["x"]
    assert provider.api_key is not None and provider.api_key.reveal() == "sk-plain"
    assert {name: value.reveal() for name, value in provider.headers.items()} == {
        "Authorization": "Bearer plain",
        "x-api-key": "plain",
        "X-Team": "red",
    }
    assert provider.models[0].headers["api-key"].reveal() == "plain"
    openai = settings.models.providers["openai"].api_key
    assert openai is not None and openai.reveal() == "sk-env-plain"
    auth = settings.gateway.auth
    assert auth.token and auth.token.reveal() == "token-in-plain-text"
    again = await source.load(seal=True)
    assert files.texts[MAIN] == sealed and again.settings == settings
    assert "plain" not in repr(again).replace("text/plain", "") and "plain" not in repr(again.root)


async def test_every_secret_that_the_settings_declare_is_sealed() -> None:
    text = """{
      hooks: { token: 'plain-hook' }, cron: { webhookToken: 'plain-cron' }, logging: { activity: { pushSecret: 'plain-push' } },
      database: { url: 'postgresql://u:plain-database@h/d' }, cluster: { url: 'redis://:plain-cluster@h' },
      mcp: { servers: { s: { command: 'x', env: { ANY: 'plain-mcp' }, oauth: { clientSecret: 'plain-oauth' } } } },
      skills: { entries: { k: { env: { ANY: 'plain-skill' }, apiKey: 'plain-skill-key' } } },
      tools: { web: { search: { brave: { apiKey: 'plain-search' } } } },
      notifications: { targets: { t: { kind: 'smtp', url: 'https://h/plain-url', smtp: { password: 'plain-smtp' } } } },
    }"""
    source, files = source_of(text)
    settings = (await source.load(seal=True)).settings
    assert "plain" not in files.texts[MAIN]
    assert settings is not None
    assert settings.mcp.servers["s"].env["ANY"].reveal() == "plain-mcp"
    target = settings.notifications.targets["t"]
    assert target.url is not None and target.url.reveal() == "https://h/plain-url"
    assert target.smtp.password is not None and target.smtp.password.reveal() == "plain-smtp"


async def test_loading_without_sealing_leaves_the_file() -> None:
    source, files = source_of(PLAIN)
    await source.load()
    assert files.texts[MAIN] == PLAIN


async def test_sealing_can_be_turned_off() -> None:
    text = "{secrets: {sealConfiguration: false}, gateway: {auth: {token: 'a-token-in-plain-text'}}}"
    source, files = source_of(text)
    await source.load(seal=True)
    assert files.texts[MAIN] == text
    await commands.set_value(source, "gateway.auth.adminToken", "another-in-plain-text")
    assert "another-in-plain-text" in files.texts[MAIN]


@pytest.mark.parametrize("reference", ["'${KEY}'", "'Bearer ${KEY}'", "'$KEY'", "{source: 'env', id: 'KEY'}", "''"])
async def test_references_are_left_alone(reference: str) -> None:
    text = f"{{models: {{providers: {{x: {{baseUrl: 'http://x', apiKey: {reference}}}}}}}}}"
    source, files = source_of(text, {"KEY": "k"})
    await source.load(seal=True)
    assert files.texts[MAIN] == text


@pytest.mark.parametrize("secret", ["$${KEY}", "a$${KEY}$", "${lower}", "$$${KEY}"])
async def test_a_secret_may_look_like_a_reference(secret: str) -> None:
    text = f"{{models: {{providers: {{x: {{baseUrl: 'http://x', apiKey: '{secret}'}}}}}}}}"
    source, files = source_of(text, {"KEY": "no"})
    before = await source.load()
    after = await source.load(seal=True)
    assert "enc:v1:" in files.texts[MAIN] or secret == "$$${KEY}"
    assert before.settings == after.settings and before.settings is not None


async def test_secrets_in_included_files_are_sealed_there() -> None:
    source, files = source_of(
        "{models: {providers: {$include: 'p.json5', x: {apiKey: {$include: 'key.json5'}}}}}",
        others={
            "p": "{ x: { baseUrl: 'http://x', headers: { Cookie: 'plain' } } } // p",
            "key": "// key\n'sk-plain'\n",
        },
    )
    loaded = await source.load(seal=True)
    assert (
        files.texts["/srv/crawdad/p.json5"]
        == "{ x: { baseUrl: 'http://x', headers: { Cookie: 'enc:v1:nialp' } } } // p"
    )
    assert files.texts["/srv/crawdad/key.json5"] == "// key\n'enc:v1:nialp-ks'\n"
    assert loaded.settings is not None
    key = loaded.settings.models.providers["x"].api_key
    assert key is not None and key.reveal() == "sk-plain"


async def test_an_overridden_secret_is_sealed_all_the_same() -> None:
    source, files = source_of(
        "{gateway: {$include: 'p.json5', auth: {token: '${T}'}}}",
        {"T": "t" * 20},
        others={"p": "{auth: {token: 'plain-and-unused'}}"},
    )
    await source.load(seal=True)
    assert "plain" not in files.texts["/srv/crawdad/p.json5"]


async def test_backups_hold_no_plain_secrets() -> None:
    source, files = source_of(PLAIN)
    written = await commands.set_value(source, "models.providers.x.apiKey", "sk-plain-too")
    assert written.written and not written.problems
    assert "plain" not in files.texts[MAIN]
    assert "plain" not in files.texts[f"{MAIN}.bak"]
    files.texts[MAIN] = PLAIN
    files.texts[f"{MAIN}.bak"] = PLAIN.replace("sk-plain", "sk-plain-old")
    await source.load(seal=True)
    assert "plain" not in files.texts[MAIN] + files.texts[f"{MAIN}.bak"]


async def test_a_secret_set_by_command_never_touches_the_disk() -> None:
    source, files = source_of("{}")
    seen: list[str] = []
    files.before_replace = lambda: seen.append(files.texts[MAIN])
    await commands.set_value(source, "gateway.auth.token", "a-token-in-plain-text")
    assert all("plain" not in text for text in [*seen, *files.texts.values()])
    token = (await commands.get(source, "gateway.auth.token", reveal=True)).value
    assert token == "a-token-in-plain-text"


async def test_a_file_that_cannot_be_written_is_a_warning() -> None:
    source, files = source_of(PLAIN)
    files.locked.add(MAIN)
    loaded = await source.load(seal=True)
    assert loaded.settings is not None and loaded.is_valid
    assert [(p.message.key, p.is_error) for p in loaded.problems] == [("configuration.unsealed", False)]
    assert MAIN in loaded.problems[0].describe("en") and "plain" not in loaded.problems[0].describe("en").replace(
        "plain text", ""
    )


async def test_a_box_without_a_key_is_a_warning_when_sealing_and_an_error_when_opening() -> None:
    source, files = source_of(PLAIN, box=FakeBox(broken=True))
    loaded = await source.load(seal=True)
    assert loaded.is_valid and [p.message.key for p in loaded.problems] == ["configuration.unsealed"]
    assert files.texts[MAIN] == PLAIN
    source, _ = source_of(
        "{\n models: {providers: {x: {baseUrl: 'http://x',\n apiKey: 'enc:v1:abc'}}}}", box=FakeBox(broken=True)
    )
    (problem,) = (await source.load()).problems
    assert (problem.path, problem.line, problem.is_error) == ("models.providers.x.apiKey", 3, True)
    for language, reason in (
        ("en", "There is no key file '/srv/crawdad/secret.key'."),
        ("zh", "密钥文件“/srv/crawdad/secret.key”不存在。"),
    ):
        assert reason in problem.describe(language) and "CRAWDAD_SECRET_KEY" in problem.describe(language)
    assert "abc" not in problem.describe("en")


async def test_a_write_is_refused_rather_than_made_in_plain_text() -> None:
    source, files = source_of("{}", box=FakeBox(broken=True))
    with pytest.raises(Exception, match="unavailable"):
        await commands.set_value(source, "gateway.auth.token", "a-token-in-plain-text")
    assert files.texts == {MAIN: "{}"}


async def test_a_file_with_faults_is_not_sealed() -> None:
    source, files = source_of("{gateway: {port: 99999, auth: {token: 'a-token-in-plain-text'}}}")
    await source.load(seal=True)
    assert "plain" in files.texts[MAIN]


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("Authorization", True), ("Proxy-Authorization", True), ("x-api-key", True), ("X-Goog-Api-Key", True), ("apiKey", True),
        ("OPENAI_API_KEY", True), ("botToken", True), ("password", True), ("client_secret", True), ("Cookie", True),
        ("maxTokens", False), ("X-Team", False), ("anthropic-version", False), ("keys", False), ("User-Agent", False),
    ],
)  # fmt: skip
def test_names_of_secrets_are_known_by_their_looks(name: str, secret: bool) -> None:
    assert looks_secret(name) is secret
