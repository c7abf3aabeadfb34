"""The environment overrides the file and brings providers, and is never written anywhere."""

from __future__ import annotations

import pytest

from crawdad.core.secret import Secret
from crawdad.services.configuration.loading import Loaded, Origin
from crawdad.services.configuration.variables import VENDORS, Vendor
from tests.services.configuration.fakes import MAIN, source_of


async def load(text: str | None, environment: dict[str, str]) -> Loaded:
    source, files = source_of(text, environment)
    loaded = await source.load(seal=True)
    assert files.texts.get(MAIN) == text
    return loaded


async def test_variables_stand_above_the_file() -> None:
    loaded = await load(
        "{gateway: {port: 1, bind: 'lan'}, logging: {level: 'info'}}",
        {
            "CRAWDAD_PORT": "8045",
            "CRAWDAD_BIND": "127.0.0.1",
            "CRAWDAD_TOKEN": "a-token-of-some-length",
            "CRAWDAD_ADMIN_TOKEN": "another-of-some-length",
            "CRAWDAD_DATABASE_URL": "postgresql://u:p@h/d",
            "CRAWDAD_CLUSTER_URL": "redis://h",
            "CRAWDAD_CLUSTER_PREFIX": "mine",
            "CRAWDAD_LOG_LEVEL": "WARN",
        },
    )
    settings = loaded.settings
    assert settings is not None and not loaded.problems
    assert (settings.gateway.port, settings.gateway.bind, settings.logging.level) == (8045, "127.0.0.1", "warning")
    assert settings.gateway.auth.token == Secret("a-token-of-some-length")
    assert settings.gateway.auth.admin_token == Secret("another-of-some-length")
    assert (settings.database.url, settings.cluster.url) == (Secret("postgresql://u:p@h/d"), Secret("redis://h"))
    assert settings.cluster.prefix == "mine"
    assert loaded.origin(("gateway", "port")) == Origin("environment", variable="CRAWDAD_PORT")
    assert str(loaded.origin(("gateway", "port"))) == "$CRAWDAD_PORT"


async def test_an_empty_variable_is_none() -> None:
    loaded = await load("{gateway: {port: 1}}", {"CRAWDAD_PORT": " ", "OPENAI_API_KEY": ""})
    assert loaded.settings is not None and loaded.settings.gateway.port == 1
    assert not loaded.settings.models.providers


async def test_a_wrong_variable_is_named_in_the_fix() -> None:
    (problem,) = (await load("{gateway: {port: 1}}", {"CRAWDAD_PORT": "eighty"})).problems
    assert (problem.path, problem.line) == ("gateway.port", None)
    assert "CRAWDAD_PORT" in problem.fix.render("en") and "CRAWDAD_PORT" in problem.fix.render("zh")


HIDDEN = [
    ("{\n gateway: {port: 99999}}", {"CRAWDAD_PORT": "8045"}, "gateway.port"),
    ("{\n gateway: {bind: 'nowhere'}}", {"CRAWDAD_BIND": "lan"}, "gateway.bind"),
    ("{\n gateway: {bind: 'custom'}}", {"CRAWDAD_BIND": "lan"}, "gateway.bind"),
    ("{\n gateway: {auth: {token: ''}}}", {"CRAWDAD_TOKEN": "a-token-of-some-length"}, "gateway.auth.token"),
    ("{\n logging: {level: 'loud'}}", {"CRAWDAD_LOG_LEVEL": "info"}, "logging.level"),
    ("{\n database: {url: 5}}", {"CRAWDAD_DATABASE_URL": "sqlite:///x.db"}, "database.url"),
]


@pytest.mark.parametrize(("text", "environment", "path"), HIDDEN)
async def test_what_a_variable_stands_above_is_checked_all_the_same(
    text: str, environment: dict[str, str], path: str
) -> None:
    loaded = await load(text, environment)
    assert loaded.settings is not None  # it works as long as the variable is there
    assert not loaded.is_valid
    (problem,) = loaded.problems
    assert (problem.path, problem.file, problem.line, problem.is_error) == (path, MAIN, 2, True)


async def test_only_what_a_variable_stands_above_is_checked_twice() -> None:
    loaded = await load("{gateway: {port: 1, extraPorts: 'x'}}", {"CRAWDAD_PORT": "8045"})
    assert [problem.path for problem in loaded.problems] == ["gateway.extraPorts"]
    assert loaded.settings is None


async def test_every_value_says_where_it_comes_from() -> None:
    loaded = await load("{\n  gateway: {\n    port: 1 } }", {})
    assert loaded.origin(("gateway", "port")) == Origin("file", MAIN, 3, 11)
    assert str(loaded.origin(("gateway", "port"))) == f"{MAIN}:3"
    assert str(loaded.origin(("gateway", "bind"))) == "default"
    assert str((await load(None, {})).origin(())) == "default"


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
async def test_a_vendors_key_brings_the_vendor(vendor: Vendor) -> None:
    for variable in vendor.keys:
        loaded = await load("{models: {providers: {other: {baseUrl: 'http://o'}}}}", {variable: "sk-vendor"})
        assert loaded.settings is not None and not loaded.problems
        assert sorted(loaded.settings.models.providers) == sorted(["other", vendor.name])
        provider = loaded.settings.models.providers[vendor.name]
        assert (provider.base_url, provider.api) == (vendor.base_url, vendor.api)
        assert provider.api_key == Secret("sk-vendor") and provider.base_url.startswith("https://")
        origin = loaded.origin(("models", "providers", vendor.name, "apiKey"))
        assert origin == Origin("environment", variable=variable)


async def test_a_vendor_whose_plugin_is_switched_off_is_not_brought() -> None:
    keys = {"OPENAI_API_KEY": "sk-vendor", "GROQ_API_KEY": "sk-other"}
    loaded = await load("{plugins: {entries: {openai: {enabled: false}}}}", keys)
    assert loaded.settings is not None and list(loaded.settings.models.providers) == ["groq"]
    loaded = await load("{plugins: {deny: ['groq', 'openai']}}", keys)
    assert loaded.settings is not None and not loaded.settings.models.providers


async def test_the_file_goes_first_and_may_shut_them_out() -> None:
    text = "{models: {providers: {openai: {baseUrl: 'http://mine'}}}}"
    loaded = await load(text, {"OPENAI_API_KEY": "sk-vendor"})
    assert loaded.settings is not None
    assert loaded.settings.models.providers["openai"].api_key is None
    loaded = await load("{models: {mode: 'replace'}}", {"OPENAI_API_KEY": "sk-vendor"})
    assert loaded.settings is not None and not loaded.settings.models.providers


@pytest.mark.parametrize(
    ("environment", "name", "base_url"),
    [
        ({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://vllm:8000/v1/"}, "openai", "http://vllm:8000/v1"),
        ({"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "https://proxy"}, "anthropic", "https://proxy"),
        ({"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": "https://g/"}, "google", "https://g/v1beta"),
        ({"GOOGLE_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": "https://g/v1"}, "google", "https://g/v1"),
    ],
)
async def test_the_address_may_be_another(environment: dict[str, str], name: str, base_url: str) -> None:
    loaded = await load(None, environment)
    assert loaded.settings is not None and loaded.settings.models.providers[name].base_url == base_url


@pytest.mark.parametrize(
    "environment",
    [
        {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "http://127.0.0.1:18789"},
        {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://localhost:8045/v1", "CRAWDAD_PORT": "8045"},
        {"OPENAI_API_KEY": "the-gateway-token-1", "CRAWDAD_TOKEN": "the-gateway-token-1"},
    ],
)
async def test_a_client_of_the_gateway_itself_is_no_provider(environment: dict[str, str]) -> None:
    loaded = await load(None, environment)
    assert loaded.settings is not None and not loaded.settings.models.providers
    assert [(p.is_error, p.message.key) for p in loaded.problems] == [(False, "configuration.vendor.self")]


async def test_a_broken_address_is_an_error_of_the_variable() -> None:
    (problem,) = (await load(None, {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://[::1"})).problems
    assert problem.path == "models.providers.openai.baseUrl" and "OPENAI_BASE_URL" in problem.fix.render()
