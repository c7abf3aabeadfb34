"""`crawdad accounts login` against a running gateway and an identity provider, as somebody at a terminal uses it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.identity_provider import TestIdentityProvider
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

SOURCE = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture(scope="module")
def idp() -> Iterator[TestIdentityProvider]:
    with TestIdentityProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def gateway(idp: TestIdentityProvider) -> Iterator[Gateway]:
    with running_gateway(settings({}, oauth={"google": idp.settings()})) as running:
        yield running


class Terminal:
    """The command in a process of its own; what it says to the person is read as it comes."""

    def __init__(self, gateway: Gateway, *arguments: str, language: str = "en") -> None:
        command = [sys.executable, "-m", "crawdad.app.main", "accounts", "login", *arguments]
        env = {**os.environ, "PYTHONPATH": str(SOURCE), "CRAWDAD_TOKEN": gateway.token, "CRAWDAD_LANG": language}
        env.pop("DISPLAY", None)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*command, "--home", str(gateway.home), "--url", gateway.base_url],
            env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8",
        )  # fmt: skip
        self._timer = threading.Timer(40, self.process.kill)
        self._timer.start()
        self.said = ""

    def wait_for(self, pattern: str) -> str:
        assert self.process.stderr is not None
        while not (found := re.search(pattern, self.said)):
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        return found[1]

    def end(self, answer: str | None = None) -> tuple[int, str, str]:
        out, rest = self.process.communicate(answer)
        self._timer.cancel()
        return self.process.returncode, out, self.said + rest


def test_in_a_browser(gateway: Gateway, idp: TestIdentityProvider) -> None:
    terminal = Terminal(gateway)
    url = terminal.wait_for(r"  (http\S+)")
    assert httpx.get(idp.browse(url, "browser@example.com"), timeout=PATIENCE).status_code == 200
    code, out, _ = terminal.end()
    assert code == 0 and "browser@example.com" in out


def test_by_pasting_in_json(gateway: Gateway, idp: TestIdentityProvider) -> None:
    terminal = Terminal(gateway, "google", "--paste", "--project", "pays-1", "--json")
    back = idp.browse(terminal.wait_for(r"  (http\S+)"), "paste@example.com")
    code, out, _ = terminal.end(back + "\n")
    account = json.loads(out)
    assert code == 0 and account["email"] == "paste@example.com" and account["provider"] == "google"


def test_on_a_device_in_chinese(gateway: Gateway, idp: TestIdentityProvider) -> None:
    terminal = Terminal(gateway, "google", "--device", "--location", "global", "--project", "pays-1", language="zh")
    idp.allow(terminal.wait_for(r"  (ABCD-\d+)"), "device@example.com")
    code, out, said = terminal.end()
    assert code == 0 and "已添加账号" in out and "验证码" in said
    listed = httpx.get(gateway.base_url + "/api/accounts", headers=gateway.headers, timeout=PATIENCE).json()["accounts"]
    assert next(one for one in listed if one["email"] == "device@example.com")["provider"] == "vertex"


def test_refused_and_given_up(gateway: Gateway, idp: TestIdentityProvider) -> None:
    refused = Terminal(gateway)
    httpx.get(idp.browse(refused.wait_for(r"  (http\S+)"), deny=True), timeout=PATIENCE)
    code, out, said = refused.end()
    assert code == 1 and not out and "refused on the consent page" in said
    given_up = Terminal(gateway, "--paste")
    url = given_up.wait_for(r"  (http\S+)")
    assert given_up.end("")[0] == 130
    with contextlib.suppress(httpx.ConnectError):  # the port may be closed by now
        assert httpx.get(idp.browse(url), timeout=PATIENCE).status_code == 400
    assert Terminal(gateway, "--paste", "--device").end()[0] == 2
    assert Terminal(gateway, "elsewhere").end()[0] == 2


def test_without_a_client() -> None:
    with running_gateway(settings({})) as running:
        code, _, said = Terminal(running).end()
        assert code == 1 and "oauth.google.clientId" in said
