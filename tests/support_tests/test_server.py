"""The harness starts, stops and kills a gateway, and shows what it printed when something goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support import server
from tests.support.nursery import nursery
from tests.support.server import (
    Gateway,
    GatewayFailed,
    clean_environment,
    run_command,
    run_module,
    running_gateway,
    settings,
)
from tests.support.upstreams.protocols import providers
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE, eventually
from tests.support_tests.http import fetch

STAND_IN = (sys.executable, "-m", "tests.support_tests.stand_in", "serve")
ASK = {"model": "chat/story:hello", "messages": [{"role": "user", "content": "hi"}]}


def config(scripted: ScriptedUpstream) -> dict[str, object]:
    return settings(providers(scripted.url, scripted.models))


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is killed who is about to end."""
    monkeypatch.setattr(server, "_CLOSE_SECONDS", PATIENCE)


@pytest.mark.usefixtures("unhurried")
def test_a_request_goes_through_with_the_providers_own_key(scripted: ScriptedUpstream) -> None:
    with running_gateway(config(scripted), command=STAND_IN) as gateway:
        answer = fetch(gateway.base_url, "/v1/chat/completions", ASK, gateway.headers)
        assert answer.json["choices"][0]["message"]["content"].startswith("Hello!")
        assert scripted.journal.last.headers["authorization"] == "Bearer sk-upstream-secret"
        assert fetch(gateway.base_url, "/v1/chat/completions", ASK).status == 401
        home = gateway.home
        assert "stand-in ready" in gateway.log()
    assert not home.exists()
    assert gateway.process is not None
    assert gateway.process.returncode == 0


@pytest.mark.usefixtures("unhurried")
async def test_it_is_an_async_context_manager_too(scripted: ScriptedUpstream) -> None:
    async with running_gateway(config(scripted), command=STAND_IN) as gateway:
        assert gateway.process is not None
        assert gateway.process.poll() is None
    assert gateway.process.returncode == 0


def test_a_killed_gateway_starts_again_in_the_same_home(scripted: ScriptedUpstream, tmp_path: Path) -> None:
    with running_gateway(config(scripted), command=STAND_IN, home=tmp_path) as gateway:
        address = gateway.base_url
        gateway.kill()
        assert gateway.process is not None
        assert gateway.process.returncode == -9
        gateway.start()
        assert gateway.base_url == address
        assert fetch(address, "/v1/chat/completions", ASK, gateway.headers).status == 200
        assert gateway.stop() == 0
    assert (tmp_path / "openclaw.json").exists()


def test_its_output_is_shown_when_it_does_not_start() -> None:
    with pytest.raises(GatewayFailed, match="crashed as told"):
        running_gateway({}, {"CRAWDAD_STAND_IN": "crash"}, command=STAND_IN).__enter__()


def test_one_that_is_never_ready_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_READY_SECONDS", 1.0)
    gateway = running_gateway({}, {"CRAWDAD_STAND_IN": "deaf"}, command=STAND_IN)
    with pytest.raises(GatewayFailed, match="not ready"):
        gateway.__enter__()
    assert gateway.process is not None
    assert gateway.process.returncode == -9


def test_its_output_is_shown_when_the_test_fails(
    scripted: ScriptedUpstream, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        running_gateway(config(scripted), command=STAND_IN),
    ):
        _ = 1 / 0
    assert "stand-in ready" in capsys.readouterr().err


def test_nothing_of_the_environment_configures_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CRAWDAD_TOKEN", "OPENAI_API_KEY", "https_proxy"):
        monkeypatch.setenv(name, "surprise")
    assert "surprise" not in Gateway({}, {}, home=tmp_path)._env.values()
    assert os.environ["CRAWDAD_TOKEN"] == "surprise"


@pytest.mark.skipif(sys.platform != "linux", reason="names of sockets without files are Linux's")
def test_ports_are_free_and_nobody_else_s() -> None:
    ports = [server.free_port() for _ in range(20)]
    assert len(set(ports)) == 20
    ask = f"from tests.support import server; print([server._claimed(port) for port in {ports[:3]}])"
    told = subprocess.run(
        [sys.executable, "-c", ask], env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert told.stdout == "[False, False, False]\n"


@pytest.mark.parametrize("more", [{}, {"OF_NO_FORK": "1"}], ids=["forked", "started"])
def test_a_command_tells_its_code_and_both_of_its_streams(tmp_path: Path, more: dict[str, str]) -> None:
    environment = {**clean_environment(), **more}
    assert nursery().suits(environment) is not bool(more)
    listed = run_command(["--home", str(tmp_path), "--json", "keys", "list"], environment)
    assert (listed.returncode, listed.stderr) == (0, "") and json.loads(listed.stdout)["keys"] == []
    refused = run_command(["--home", str(tmp_path), "nonsense"], environment)
    assert refused.returncode == 2 and "nonsense" in refused.stderr and refused.stdout == ""


@pytest.mark.parametrize("more", [{}, {"OF_NO_FORK": "1"}], ids=["forked", "started"])
def test_a_module_is_given_something_to_read(more: dict[str, str]) -> None:
    done = run_module("base64", ["-e"], {**clean_environment(), **more}, "crab")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Y3JhYg==\n", "")


def test_gateways_of_a_test_process_that_was_killed_end_with_it(tmp_path: Path) -> None:
    code = (
        "import pathlib, threading; from tests.support.nursery import nursery; from tests.support.server import clean_environment;"
        "child = nursery().start('http.server', ['0', '--bind', '127.0.0.1'], clean_environment(), pathlib.Path('log'));"
        "print(child.pid, flush=True); threading.Event().wait()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        eventually(lambda: os.getpgid(child) == child)
        worker.kill()
    eventually(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
