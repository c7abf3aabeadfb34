"""Files that are made to keep a gateway busy: what they cost is bounded, and the event loop does none of it."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from crawdad.services.configuration import edits, evaluation
from crawdad.services.configuration.findings import MOST_PROBLEMS, Findings
from crawdad.services.configuration.json5.parser import MAXIMUM_VALUES, parse
from crawdad.services.configuration.problems import Problem, Severity, has_errors
from tests.services.configuration.fakes import source_of

TOKEN = {"gateway": {"auth": {"mode": "token", "token": "a-long-enough-token"}}}


def keys(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.message.key.removeprefix("configuration.") for problem in problems]


async def test_no_more_problems_are_told_than_anybody_reads() -> None:
    source, _ = source_of(json.dumps({**TOKEN, **{f"unknown-{number}": 1 for number in range(2000)}}))
    loaded = await source.load()
    assert keys(loaded.problems) == ["key.unknown"] * MOST_PROBLEMS + ["more"] and loaded.settings is not None


async def test_an_error_counts_however_many_there_are() -> None:
    providers = {f"p{number}": {"baseUrl": "file:///etc/passwd", "api": "none"} for number in range(2000)}
    source, _ = source_of(json.dumps({**TOKEN, "models": {"providers": providers}}))
    loaded = await source.load()
    assert loaded.settings is None and len(loaded.problems) == MOST_PROBLEMS + 1


def test_warnings_leave_room_for_an_error_and_what_is_faulty_is_known_beyond_the_bound() -> None:
    findings = Findings()
    for number in range(3 * MOST_PROBLEMS):
        findings.warning("key.unknown", (f"k{number}",), None)
    findings.error("root", ("late",), None)
    assert has_errors(findings.problems) and findings.is_full(Severity.WARNING)
    for number in range(3 * MOST_PROBLEMS):
        findings.error("root", (f"e{number}",), None)
    assert findings.is_faulty((f"e{3 * MOST_PROBLEMS - 1}",)) and not findings.is_faulty(("k1",))
    assert len(findings.problems) == 2 * (MOST_PROBLEMS + 1)


def test_values_are_counted() -> None:
    assert parse("[" + "1," * (MAXIMUM_VALUES - 1) + "]").root is not None
    parsed = parse("[" + "1," * MAXIMUM_VALUES + "]")
    assert parsed.root is None and keys(tuple(parsed.problems)) == ["syntax.too_many"]


async def test_what_is_included_is_bounded_in_all() -> None:
    """A file of a megabyte, a hundred times."""
    text = json.dumps([f"10.0.{number % 256}.1" + " " * 60 for number in range(10_000)])
    main = {"gateway": {**TOKEN["gateway"], "trustedProxies": {"$include": ["./large.json"] * 100}}}
    source, files = source_of(json.dumps(main))
    files.texts["/srv/crawdad/large.json"] = text
    reads: list[str] = []
    read = files.read

    async def counted(path: str, within: str | None = None) -> Any:
        reads.append(path)
        return await read(path, within)

    files.read = counted  # type: ignore[method-assign]
    loaded = await source.load()
    assert "include.large" in keys(loaded.problems) and loaded.settings is None
    assert len(reads) < 10


async def test_many_references_are_put_in_place_at_once() -> None:
    providers = {
        f"p{number}": {"baseUrl": "http://x", "apiKey": {"source": "env", "provider": "default", "id": f"KEY_{number}"}}
        for number in range(300)
    }
    values = {f"KEY_{number}": f"secret-{number}" for number in range(300)}
    source, _ = source_of(json.dumps({**TOKEN, "models": {"providers": providers}}), environment=values)
    loaded = await source.load()
    assert loaded.settings is not None
    for number in (0, 150, 299):
        key = loaded.settings.models.providers[f"p{number}"].api_key
        assert key is not None and key.reveal() == f"secret-{number}"


async def test_the_event_loop_does_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: dict[str, int] = {}

    def watched(place: Any, name: str) -> None:
        original = getattr(place, name)

        def noted(*values: Any) -> Any:
            threads[name] = threading.get_ident()
            return original(*values)

        monkeypatch.setattr(place, name, noted)

    for name in ("opened", "substitute", "report_unknown_keys", "adapted", "with_overrides", "validated"):
        watched(evaluation, name)
    watched(edits, "value_of")
    source, _ = source_of(json.dumps(TOKEN))
    assert (await source.load(seal=True)).settings is not None
    await source.value(reveal=False)

    def edit(text: str) -> str:
        threads["edit"] = threading.get_ident()
        return text

    await source.write(edit)
    assert len(threads) == 8 and threading.get_ident() not in threads.values()
