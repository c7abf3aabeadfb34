"""`${NAME}` and SecretRefs find their values, or say where they do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.settings import Settings
from crawdad.services.configuration.substitution import escaped, literal, refers_to_environment
from tests.services.configuration.fakes import source_of

PROVIDER = "{models: {providers: {x: {baseUrl: 'http://x', apiKey: %s}}}%s}"


async def settings_of(text: str, environment: dict[str, str] | None = None) -> Settings:
    source, _ = source_of(text, environment)
    loaded = await source.load()
    assert loaded.settings is not None, [p.describe() for p in loaded.problems]
    return loaded.settings


def api_key(settings: Settings) -> str:
    key = settings.models.providers["x"].api_key
    assert key is not None
    return key.reveal()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("'${KEY}'", "sk-1"),
        ("'a-${KEY}-${KEY_2}'", "a-sk-1-two"),
        ("'$${KEY}'", "${KEY}"),
        ("'${key} $KEY ${} ${1A'", "${key} $KEY ${} ${1A"),
        ("'$KEY'", "sk-1"),
        ("{source: 'env', provider: 'default', id: 'KEY'}", "sk-1"),
    ],
)
async def test_references_are_replaced(written: str, read: str) -> None:
    assert api_key(await settings_of(PROVIDER % (written, ""), {"KEY": "sk-1", "KEY_2": "two"})) == read


async def test_a_value_put_in_is_not_looked_at_again() -> None:
    assert api_key(await settings_of(PROVIDER % ("'${A}'", ""), {"A": "${B}", "B": "no"})) == "${B}"


async def test_numbers_may_come_from_the_environment() -> None:
    assert (await settings_of("{gateway: {port: '${PORT}'}}", {"PORT": "8045"})).gateway.port == 8045


@pytest.mark.parametrize("environment", [{}, {"KEY": ""}])
async def test_a_missing_variable_is_named_with_key_and_line(environment: dict[str, str]) -> None:
    source, _ = source_of("{\n gateway: {\n  port: '${KEY}' } }", environment)
    loaded = await source.load()
    (problem,) = loaded.problems
    assert (problem.path, problem.line, problem.is_error) == ("gateway.port", 3, True)
    assert "KEY" in problem.message.render("en") and "KEY" in problem.message.render("zh")


async def test_a_missing_variable_in_a_section_of_openclaw_is_only_a_warning() -> None:
    source, _ = source_of("{talk: {apiKey: '${NOPE}'}}")
    loaded = await source.load()
    assert loaded.settings is not None
    assert [(p.path, p.is_error) for p in loaded.problems] == [("talk.apiKey", False)]


async def test_the_file_may_define_variables_that_the_environment_overrides() -> None:
    text = PROVIDER % ("'${A}-${B}-${C}'", ", env: {A: 'file', vars: {B: 'file', C: 'file'}}")
    assert api_key(await settings_of(text, {"C": "process"})) == "file-file-process"


@pytest.mark.parametrize(
    ("provider", "reference", "secret"),
    [
        ("{source: 'file', path: 'keys.json'}", "{source: 'file', provider: 'p', id: '/a~1b/0/k~0'}", "sk-json"),
        (
            "{source: 'file', path: '/run/key', mode: 'singleValue'}",
            "{source: 'file', provider: 'p', id: 'value'}",
            "sk-one",
        ),
        ("{source: 'file', path: 'keys.json'}", "{source: 'file', id: '/x'}", "sk-x"),
    ],
)
async def test_secrets_come_from_files(provider: str, reference: str, secret: str) -> None:
    text = PROVIDER % (reference, f", secrets: {{providers: {{p: {provider}}}, defaults: {{file: 'p'}}}}")
    source, files = source_of(text)
    files.texts["/srv/crawdad/keys.json"] = '{"a/b": [{"k~": "sk-json"}], "x": "sk-x"}'
    files.texts["/run/key"] = "sk-one\n"
    loaded = await source.load()
    assert loaded.settings is not None, [p.describe() for p in loaded.problems]
    assert api_key(loaded.settings) == secret
    assert not loaded.problems


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("{source: 'env', id: 'NOPE'}", "variable.missing"),
        ("'$NOPE'", "reference.variable"),
        ("{source: 'exec', provider: 'p', id: 'x'}", "reference.shape"),
        ("{}", "reference.shape"),
        ("{source: 'file', provider: 'none', id: '/x'}", "reference.provider"),
        ("{source: 'file', provider: 'p', id: '/nothing'}", "reference.nothing"),
        ("{source: 'file', provider: 'q', id: '/x'}", "reference.nothing"),
    ],
)
async def test_a_reference_to_nothing_is_an_error(reference: str, key: str) -> None:
    providers = "p: {source: 'file', path: 'keys.json'}, q: {source: 'file', path: 'gone.json'}"
    source, files = source_of(PROVIDER % (reference, f", secrets: {{providers: {{{providers}}}}}"))
    files.texts["/srv/crawdad/keys.json"] = '{"x": 5}'
    loaded = await source.load()
    assert [p.message.key for p in loaded.problems] == [f"configuration.{key}"]
    assert loaded.settings is None


@given(st.text(alphabet="${}AB_1a"))
def test_an_escaped_text_stands_for_itself(text: str) -> None:
    assert not refers_to_environment(escaped(text))
    assert literal(escaped(text)) == text
