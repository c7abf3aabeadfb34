"""The configuration of a running system stays usable whatever happens to its files."""

from __future__ import annotations

import asyncio

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.services.configuration import commands, edits
from crawdad.services.configuration.source import ConfigurationSource
from tests.services.configuration.fakes import MAIN, source_of


async def port_of(source: ConfigurationSource) -> int:
    assert source.loaded is not None and source.loaded.settings is not None
    return source.loaded.settings.gateway.port


async def test_an_invalid_file_keeps_the_settings_there_were() -> None:
    source, files = source_of("{gateway: {port: 1}}")
    await source.load()
    files.texts[MAIN] = "{gateway: {port: 'one'}}"
    loaded = await source.load()
    assert (loaded.kept, loaded.is_valid, await port_of(source)) == (True, False, 1)
    assert [p.path for p in loaded.problems] == ["gateway.port"]
    assert loaded.origin(("gateway", "port")).line == 1
    files.texts[MAIN] = "{gateway: {port: 2}}"
    loaded = await source.load()
    assert (loaded.kept, loaded.is_valid, await port_of(source)) == (False, True, 2)


@pytest.mark.parametrize("text", ["", "  \n", "{"])
async def test_a_file_caught_half_written_changes_nothing(text: str) -> None:
    source, files = source_of("{gateway: {port: 1}}")
    await source.load()
    files.texts[MAIN] = text
    assert (await source.load()).kept and await port_of(source) == 1


async def test_a_file_that_vanishes_does_not_bring_back_the_defaults() -> None:
    source, files = source_of("{gateway: {port: 1, auth: {mode: 'token'}}}")
    await source.load()
    del files.texts[MAIN]
    for _ in range(2):
        loaded = await source.load()
        assert [p.message.key for p in loaded.problems] == ["configuration.vanished"]
        assert loaded.kept and await port_of(source) == 1
    files.texts[MAIN] = "{gateway: {port: 2}}"
    assert not (await source.load()).problems and await port_of(source) == 2


async def test_an_invalid_first_file_gives_problems_and_no_settings() -> None:
    source, _ = source_of("{gateway: {port: 'x'}}")
    loaded = await source.load()
    assert loaded.settings is None and not loaded.kept and not loaded.is_valid


async def test_a_file_that_cannot_be_read_is_a_problem() -> None:
    source, files = source_of("{}")

    async def refuse(path: str, within: str | None = None) -> None:
        raise GatewayError(ErrorKind.FORBIDDEN, "no")

    files.read = refuse  # type: ignore[method-assign]
    loaded = await source.load()
    assert [p.message.key for p in loaded.problems] == ["configuration.unreadable"] and loaded.settings is None


async def test_changes_are_told_once_and_only_real_ones() -> None:
    source, files = source_of("{gateway: {port: 1}, models: {$include: 'm.json5'}}", others={"m": "{}"})
    first = await source.load(seal=True)

    def nothing() -> None:
        pass

    def a_new_provider() -> None:
        files.texts["/srv/crawdad/m.json5"] = "{providers: {x: {baseUrl: 'http://x', apiKey: 'plain'}}}"

    def a_slip() -> None:
        files.texts[MAIN] = "{gateway: {port: 'x'}}"

    files.happenings += [nothing, a_new_provider, nothing, a_slip, nothing]
    told = [loaded async for loaded in source.changes(first, seal=True)]
    assert [(loaded.kept, loaded.is_valid) for loaded in told] == [(False, True), (True, False)]
    assert all(loaded.settings and "x" in loaded.settings.models.providers for loaded in told)
    assert "plain" not in files.texts["/srv/crawdad/m.json5"]


async def test_changes_made_before_anybody_watched_or_by_ourselves_are_told() -> None:
    source, files = source_of("{gateway: {port: 1}}")
    first = await source.load()
    files.texts[MAIN] = "{gateway: {port: 2}}"
    second = [loaded async for loaded in source.changes(first)]
    assert [loaded.is_valid for loaded in second] == [True] and await port_of(source) == 2
    await commands.set_value(source, "gateway.port", "3")
    assert [loaded.is_valid async for loaded in source.changes(second[0])] == [True]


async def test_a_write_changes_the_file_and_says_what_it_means() -> None:
    source, files = source_of("// mine\n{gateway: {port: 1}}\n")
    written = await commands.set_value(source, "gateway.port", "2")
    assert written.written and files.texts[MAIN] == "// mine\n{gateway: {port: 2}}\n"
    assert files.texts[f"{MAIN}.bak"] == "// mine\n{gateway: {port: 1}}\n"
    assert [(c.path, c.hot) for c in written.difference.changes] == [("gateway.port", False)]
    assert await port_of(source) == 2
    written = await commands.set_value(source, "language", "zh")
    assert [(c.path, c.hot) for c in written.difference.changes] == [("language", True)]
    assert not written.difference.needs_restart


async def test_a_write_makes_the_file() -> None:
    source, files = source_of(None)
    written = await commands.set_value(source, "gateway.port", "2")
    assert written.written and files.texts == {MAIN: '{\n  "gateway": {\n    "port": 2\n  }\n}\n'}


async def test_a_write_that_would_break_the_configuration_is_refused() -> None:
    source, files = source_of("{gateway: {port: 1}}")
    written = await commands.set_value(source, "gateway.port", "99999")
    assert (written.written, written.refused) == (False, True)
    assert [p.path for p in written.problems] == ["gateway.port"]
    assert files.texts == {MAIN: "{gateway: {port: 1}}"}


async def test_a_broken_configuration_can_be_mended_one_thing_at_a_time() -> None:
    source, files = source_of("{gateway: {port: 'x'}, retry: {attempts: 99}}")
    assert (await commands.set_value(source, "gateway.port", "5")).written
    assert (await commands.unset_value(source, "retry.attempts")).written
    assert files.texts[MAIN] == "{gateway: {port: 5}, retry: {}}"
    assert await port_of(source) == 5


async def test_a_write_is_tied_to_the_text_it_was_made_from() -> None:
    source, files = source_of("{gateway: {port: 1}}")
    base_hash = (await source.load()).hash
    files.texts[MAIN] = "{gateway: {port: 7}}"
    with pytest.raises(GatewayError) as caught:
        await commands.set_value(source, "gateway.port", "2", base_hash)
    assert caught.value.kind is ErrorKind.CONFLICT
    assert files.texts[MAIN] == "{gateway: {port: 7}}"


async def test_without_a_hash_an_edit_is_made_to_what_is_there() -> None:
    source, files = source_of("{gateway: {port: 1}}")
    others = iter(["{gateway: {port: 1}, language: 'zh'}"])

    def somebody_else() -> None:
        files.texts[MAIN] = next(others, files.texts[MAIN])

    files.before_replace = somebody_else
    assert (await commands.set_value(source, "gateway.port", "2")).written
    assert files.texts[MAIN] == "{gateway: {port: 2}, language: 'zh'}"


async def test_concurrent_writers_lose_nothing() -> None:
    one, files = source_of("{}")
    other, other_files = source_of("{}")
    other_files.texts = files.texts
    names = [f"n{number}" for number in range(6)]
    await asyncio.gather(
        *(
            commands.set_value(one if number % 2 else other, f"models.aliases.{name}", "m")
            for number, name in enumerate(names)
        )
    )
    assert sorted(edits.value_of(files.texts[MAIN])["models"]["aliases"]) == names


async def test_a_write_that_changes_nothing_writes_nothing() -> None:
    source, files = source_of("{gateway: {port: 0x10}}")
    written = await commands.set_value(source, "gateway.port", "16")
    assert not written.written and not written.refused
    assert files.texts == {MAIN: "{gateway: {port: 0x10}}"}


async def test_an_included_file_that_stands_against_a_change_is_told() -> None:
    included = "{\n aliases: {a: 'x', b: 'y'}, rules: []}"
    source, _ = source_of("{models: {$include: 'm.json5'}}", others={"m": included})
    written = await commands.set_value(source, "models.aliases.a", "z")
    assert written.written and source.loaded and source.loaded.settings
    assert source.loaded.settings.models.aliases == {"a": "z", "b": "y"}
    written = await commands.set_value(source, "models.aliases", "{c: 'z'}")
    assert written.refused and [p.message.key for p in written.problems] == ["configuration.edit.included"]
    written = await commands.unset_value(source, "models.aliases.a")
    assert written.refused
    assert [(p.file, p.line) for p in written.problems] == [("/srv/crawdad/m.json5", 2)]
    with pytest.raises(GatewayError):
        await commands.unset_value(source, "models.aliases.b")


async def test_a_variable_that_stands_against_a_change_is_told() -> None:
    source, files = source_of("{}", {"CRAWDAD_PORT": "8045"})
    written = await commands.set_value(source, "gateway.port", "1")
    assert written.written and edits.value_of(files.texts[MAIN]) == {"gateway": {"port": 1}}
    assert [p.message.key for p in written.problems] == ["configuration.edit.overridden"]
    assert not written.difference and await port_of(source) == 8045
