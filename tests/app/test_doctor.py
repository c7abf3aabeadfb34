"""The doctor: each check alone, and the verdict of all."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crawdad.app import exits, main
from crawdad.app.commands import backends
from crawdad.app.doctor import machine, upstream
from crawdad.app.doctor.finding import Finding, Patient, Verdict
from crawdad.app.launch import Launch
from crawdad.app.words import words
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import KEY_DEFAULT, Limits
from crawdad.core.settings import ProviderSettings, Settings
from crawdad.core.text import Text
from tests.app.fakes import FakeConfiguration, FakeKey, FakeKeys, FakeProblem, opening
from tests.app.processes import running
from tests.app.vendor import vendor


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeConfiguration:
    """A healthy installation on an ephemeral port."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("CRAWDAD_HOME", str(tmp_path))
    fake = FakeConfiguration(Settings.model_validate({"gateway": {"port": 0}}))
    monkeypatch.setattr(backends, "open_configuration", opening(fake))

    async def check_database(launch: Launch) -> str:
        return "SQLite"

    async def has_database(launch: Launch) -> bool:
        return True

    monkeypatch.setattr(backends, "check_database", check_database)
    monkeypatch.setattr(backends, "has_database", has_database)
    monkeypatch.setattr(backends, "open_keys", opening(FakeKeys([FakeKey("k1", "laptop", KEY_DEFAULT, Limits())])))
    return fake


def examined(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, list[dict[str, Any]]]:
    """The findings of `crawdad doctor --json` by check."""
    assert main.run(["doctor", "--json", *arguments]) == code
    report = json.loads(capsys.readouterr().out)
    assert report["healthy"] is (code == 0)
    checks: dict[str, list[dict[str, Any]]] = {}
    for finding in report["findings"]:
        assert finding["message"] and (finding["verdict"] == "ok" or finding["advice"])
        checks.setdefault(finding["check"], []).append(finding)
    return checks


def test_a_healthy_installation(capsys: pytest.CaptureFixture[str], configuration: FakeConfiguration) -> None:
    checks = examined(capsys)
    assert {
        "python",
        "home",
        "logs",
        "disk",
        "files",
        "configuration",
        "port",
        "database",
        "keys",
        "provider",
        "processes",
    } == set(checks)
    assert all(finding["verdict"] == "ok" for findings in checks.values() for finding in findings)
    assert main.run(["doctor"]) == exits.OK
    shown = capsys.readouterr().out
    assert "Python" in shown and words("doctor.healthy") in shown


def test_configuration_errors_fail_and_warnings_do_not(
    capsys: pytest.CaptureFixture[str], configuration: FakeConfiguration
) -> None:
    warning = FakeProblem(False, "a.b", Text("up.try"), Text("up.try"), "x.json", 3)
    configuration.problems = [warning]
    assert examined(capsys)["configuration"][0]["verdict"] == "warn"
    assert main.run(["doctor"]) == exits.OK
    shown = capsys.readouterr().out
    assert words("doctor.works", warned=1) in shown and words("doctor.healthy") not in shown
    configuration.problems = [warning, FakeProblem(True, "c.d", Text("up.try"), Text("up.try"))]
    checks = examined(capsys, code=exits.PROBLEM)
    assert [finding["verdict"] for finding in checks["configuration"]] == ["warn", "fail"]
    assert "x.json:3" in checks["configuration"][0]["message"]
    assert "port" not in checks  # nobody knows which


def test_a_database_that_does_not_open(
    capsys: pytest.CaptureFixture[str], configuration: FakeConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check_database(launch: Launch) -> str:
        raise GatewayError(ErrorKind.UNAVAILABLE, "no answer")

    monkeypatch.setattr(backends, "check_database", check_database)
    assert examined(capsys, code=exits.PROBLEM)["database"][0]["message"] == "no answer"


def test_keys(
    capsys: pytest.CaptureFixture[str], configuration: FakeConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [FakeKey("k1", "laptop", KEY_DEFAULT, Limits()), FakeKey("k2", "old", KEY_DEFAULT, Limits(), expires_at=1.0)]
    keys = FakeKeys(kept)
    monkeypatch.setattr(backends, "open_keys", opening(keys))
    found = examined(capsys)["keys"]
    assert [(finding["verdict"], finding["message"]) for finding in found] == [
        ("warn", "'old' has expired"),
        ("ok", "1 in use"),
    ]
    assert "crawdad keys revoke k2" in found[0]["advice"]
    keys.kept = []
    assert [finding["verdict"] for finding in examined(capsys)["keys"]] == ["warn"]
    configuration.current = Settings.model_validate(
        {"gateway": {"port": 0, "auth": {"token": "a-token-of-some-length"}}}
    )
    assert [finding["verdict"] for finding in examined(capsys)["keys"]] == ["ok"]


def test_ports_taken_free_and_ours(
    capsys: pytest.CaptureFixture[str], configuration: FakeConfiguration, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        configuration.current = Settings.model_validate({"gateway": {"port": taken, "extraPorts": [0]}})
        found = examined(capsys, code=exits.PROBLEM)["port"]
        assert [finding["verdict"] for finding in found] == ["fail", "ok"]
        assert str(taken) in found[0]["message"] and "gateway.port" in found[0]["advice"]
    with running(tmp_path) as crawdad:
        crawdad.until_ready()
        configuration.current = Settings.model_validate({"gateway": {"port": crawdad.port}})
        assert examined(capsys)["port"][0]["verdict"] == "ok"


def test_every_provider_is_asked_as_its_protocol_wants(
    capsys: pytest.CaptureFixture[str], configuration: FakeConfiguration
) -> None:
    with vendor() as server:
        server.answers = {
            "/openai/v1/models": (200, {"data": [{"id": "a"}, {"id": "b"}]}),
            "/anthropic/v1/models": (401, {}),
            "/google/v1beta/models": (200, {"models": []}),
            "/ollama/api/tags": (200, {"models": [{"name": "x"}]}),
            "/busy/models": (503, {}),
            "/text/models": (200, "no list"),
        }
        with socket.create_server(("127.0.0.1", 0)) as closed:
            nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        providers: dict[str, dict[str, str]] = {
            "openai": {"baseUrl": f"{server.url}/openai/v1", "apiKey": "k1"},
            "anthropic": {"baseUrl": f"{server.url}/anthropic", "apiKey": "k2", "api": "anthropic-messages"},
            "google": {"baseUrl": f"{server.url}/google/v1beta", "apiKey": "k3", "api": "google-generative-ai"},
            "ollama": {"baseUrl": f"{server.url}/ollama", "api": "ollama", "auth": "none"},
            "busy": {"baseUrl": f"{server.url}/busy"},
            "bare": {"baseUrl": f"{server.url}/bare"},
            "text": {"baseUrl": f"{server.url}/text"},
            "gone": {"baseUrl": nobody},
        }
        configuration.current = Settings.model_validate({"gateway": {"port": 0}, "models": {"providers": providers}})
        checks = examined(capsys, code=exits.PROBLEM)
        verdicts = dict(zip(providers, (finding["verdict"] for finding in checks["provider"]), strict=True))
        seen = dict(server.seen)
    assert verdicts == {
        **{"openai": "ok", "anthropic": "fail", "google": "ok", "ollama": "ok"},
        **{"busy": "warn", "bare": "warn", "text": "ok", "gone": "fail"},
    }
    assert "anthropic.apiKey" in checks["provider"][1]["advice"]
    assert seen["/openai/v1/models"]["authorization"] == "Bearer k1"
    assert (seen["/anthropic/v1/models"]["x-api-key"], seen["/google/v1beta/models"]["x-goog-api-key"]) == ("k2", "k3")
    assert "authorization" not in seen["/ollama/api/tags"]
    assert not any(key in finding["message"] for finding in checks["provider"] for key in ("k1", "k2", "k3"))
    assert checks["clock"][0]["verdict"] == "ok"
    assert "provider" not in examined(capsys, "--offline")


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "ok"), (-120, "warn"), (3600, "fail")])
async def test_the_clock_is_compared_with_theirs(tmp_path: Path, seconds: float, verdict: str) -> None:
    with vendor() as server:
        server.date = time.time() + seconds
        server.answers = {"/models": (200, {"data": []})}
        settings = Settings.model_validate({"models": {"providers": {"one": {"baseUrl": server.url}}}})
        patient = Patient(Launch.from_environment(str(tmp_path), environment={}), settings=settings)
        await upstream.providers(patient)
        findings = await upstream.clock(patient)
    assert [finding.verdict for finding in findings] == [verdict]


def test_google_is_asked_below_its_version() -> None:
    base = "https://generativelanguage.googleapis.com/v1beta"
    provider = ProviderSettings.model_validate({"baseUrl": base, "api": "google-generative-ai"})
    assert upstream.models_request(provider) == (f"{base}/models", {})


class Usage(NamedTuple):
    free: int


@pytest.mark.parametrize(("free", "verdict"), [(10**10, "ok"), (5 * 10**8, "warn"), (10**7, "fail")])
def test_disk_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, verdict: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free))
    assert _verdict(machine.disk, tmp_path) == verdict


def test_the_home_directory_should_be_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert _verdict(machine.home, tmp_path) == Verdict.WARN
    tmp_path.chmod(0o700)
    assert _verdict(machine.home, tmp_path) == Verdict.OK
    assert _verdict(machine.home, tmp_path / "not" / "yet") == Verdict.OK
    (tmp_path / "file").touch()
    assert _verdict(machine.home, tmp_path / "file") == Verdict.FAIL


def test_few_file_descriptors_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, 1024))
    assert _verdict(machine.files, tmp_path) == Verdict.WARN


def _verdict(check: Callable[[Patient], Any], home: Path) -> Verdict:
    findings: list[Finding] = asyncio.run(check(Patient(Launch.from_environment(str(home), environment={}))))
    assert len(findings) == 1
    return findings[0].verdict
