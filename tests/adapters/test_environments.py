"""Environments of other versions: two who are told to update at once do not fill the same one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from crawdad.adapters.programs import LocalEnvironments
from crawdad.core.errors import ErrorKind, GatewayError


async def test_the_second_of_two_that_install_is_sent_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    said: list[str] = []

    async def run(self: LocalEnvironments, command: Sequence[str], seconds: float, *, whole: bool = False) -> str:
        begun.set()
        await go.wait()
        (tmp_path / "versions" / "2.0").mkdir(exist_ok=True)
        return ""

    monkeypatch.setattr(LocalEnvironments, "_run", run)
    one, other = (LocalEnvironments(tmp_path, "1.0", {}, "", ()) for _ in range(2))

    async def refused() -> None:
        await begun.wait()
        with pytest.raises(GatewayError) as raised:
            await other.install("2.0", "x.whl", "http://127.0.0.1:9/", said.append)
        assert raised.value.kind is ErrorKind.CONFLICT
        go.set()

    made, _ = await asyncio.gather(one.install("2.0", "x.whl", "http://127.0.0.1:9/", said.append), refused())
    assert (made.version, said) == ("2.0", ["pip install x.whl"])
    assert [each.version for each in await other.installed()] == ["2.0"]
    assert (await other.install("2.0", "x.whl", "http://127.0.0.1:9/", said.append)).version == "2.0"
