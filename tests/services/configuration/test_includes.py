"""Files join into one configuration, inside one folder, without end only in appearance."""

from __future__ import annotations

import pytest

from crawdad.services.configuration.json5.document import plain
from crawdad.services.configuration.loading import Loaded
from tests.services.configuration.fakes import MAIN, source_of


async def load(text: str, **others: str) -> Loaded:
    source, _ = source_of(text, others=others)
    return await source.load()


async def test_siblings_win_and_lists_are_joined() -> None:
    loaded = await load(
        '{gateway: {$include: ["a.json5", "b.json5"], port: 3, trustedProxies: ["3.3.3.3"]}}',
        a="{port: 1, bind: 'lan', trustedProxies: ['1.1.1.1'], auth: {mode: 'token'}}",
        b="{port: 2, trustedProxies: ['2.2.2.2'], auth: {token: 'a-long-enough-token'}}",
    )
    assert not loaded.problems
    assert plain(loaded.stated) == {
        "gateway": {
            "port": 3,
            "bind": "lan",
            "trustedProxies": ["1.1.1.1", "2.2.2.2", "3.3.3.3"],
            "auth": {"mode": "token", "token": "a-long-enough-token"},
        }
    }


async def test_names_are_relative_to_the_including_file() -> None:
    source, files = source_of("{models: {$include: 'parts/models.json5'}}")
    files.texts["/srv/crawdad/parts/models.json5"] = "{providers: {$include: './more/providers.json5'}}"
    files.texts["/srv/crawdad/parts/more/providers.json5"] = (
        "{x: {baseUrl: 'http://x', models: {$include: '../ids.json5'}}}"
    )
    files.texts["/srv/crawdad/parts/ids.json5"] = "['a', 'b']"
    loaded = await source.load()
    assert loaded.settings is not None
    assert [model.id for model in loaded.settings.models.providers["x"].models] == ["a", "b"]
    assert loaded.files == (
        MAIN,
        "/srv/crawdad/parts/models.json5",
        "/srv/crawdad/parts/more/providers.json5",
        "/srv/crawdad/parts/ids.json5",
    )


async def test_a_value_knows_the_file_and_line_it_came_from() -> None:
    loaded = await load("{\n gateway: {$include: 'door.json5'},\n}", door="// door\n{\n  port: 'x',\n  prot: 1}")
    places = {(p.path, p.file, p.line, p.column) for p in loaded.problems}
    assert places == {
        ("gateway.port", "/srv/crawdad/door.json5", 3, 9),
        ("gateway.prot", "/srv/crawdad/door.json5", 4, 3),
    }


async def test_the_same_file_may_be_included_twice() -> None:
    loaded = await load("{gateway: {$include: ['a.json5', 'a.json5']}, x: {$include: 'a.json5'}}", a="{port: 1}")
    assert plain(loaded.stated) == {"gateway": {"port": 1}, "x": {"port": 1}}


@pytest.mark.parametrize(
    "name", ["../other.json5", "/etc/passwd", "parts/../../x.json5", "link.json5", "nothing.json5"]
)
async def test_a_file_outside_or_missing_is_a_problem_at_its_name(name: str) -> None:
    source, files = source_of(f"{{\n  gateway: {{\n    $include: '{name}', port: 5 }} }}")
    files.texts |= {"/home/other.json5": "{port: 1}", "/etc/passwd": "{port: 1}", "/home/x.json5": "{port: 1}"}
    files.links["/srv/crawdad/link.json5"] = "/etc/passwd"
    loaded = await source.load()
    (problem,) = loaded.problems
    assert (problem.path, problem.line, problem.column) == ("gateway.$include", 3, 15)
    assert problem.is_error and loaded.settings is None
    assert plain(loaded.root) == {"gateway": {"port": 5}}


@pytest.mark.parametrize(
    "others",
    [
        {"a": "{$include: 'openclaw.json'}"},
        {"a": "{$include: 'a.json5'}"},
        {"a": "{x: {$include: 'b.json5'}}", "b": "{y: {$include: 'a.json5'}}"},
    ],
)
async def test_a_cycle_is_refused(others: dict[str, str]) -> None:
    loaded = await load("{$include: 'a.json5'}", **others)
    assert [p.message.key for p in loaded.problems if p.is_error] == ["configuration.include.cycle"]


async def test_depth_is_bounded() -> None:
    chain = {f"f{n}": f"{{x: {{$include: 'f{n + 1}.json5'}}}}" for n in range(1, 12)}
    loaded = await load("{x: {$include: 'f1.json5'}}", **chain, f12="{}")
    assert [p.message.key for p in loaded.problems if p.is_error] == ["configuration.include.many"]
    exactly = {f"f{n}": f"{{x: {{$include: 'f{n + 1}.json5'}}}}" for n in range(1, 10)}
    assert not [p for p in (await load("{x: {$include: 'f1.json5'}}", **exactly, f10="{}")).problems if p.is_error]


async def test_a_bomb_of_includes_is_bounded() -> None:
    bomb = {f"f{n}": f"{{$include: {[f'f{n + 1}.json5'] * 20}}}" for n in range(1, 9)}
    loaded = await load("{$include: 'f1.json5'}", **bomb, f9="{}")
    assert {p.message.key for p in loaded.problems if p.is_error} == {"configuration.include.many"}


@pytest.mark.parametrize("value", ["5", "null", "{}", "[1]", "''", "['a.json5', true]"])
async def test_what_is_no_name_is_a_problem(value: str) -> None:
    loaded = await load(f"{{$include: {value}}}", a="{}")
    assert "configuration.include.name" in [p.message.key for p in loaded.problems]


async def test_problems_of_all_files_come_together() -> None:
    loaded = await load(
        "{gateway: {$include: 'a.json5'}, logging: {$include: 'b.json5'}, retry: {attempts: 99}}", a="{", b="{level: 1}"
    )
    assert {p.path for p in loaded.problems if p.is_error} == {"gateway", "logging.level", "retry.attempts"}


@pytest.mark.parametrize("text", ["[]", "5", "'x'", "null"])
async def test_a_configuration_is_an_object(text: str) -> None:
    loaded = await load(text)
    assert [p.message.key for p in loaded.problems if p.is_error] == ["configuration.root"]
