"""The command line: what it prints for people and for machines, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import exits, main
from crawdad.app.commands import backends
from crawdad.app.commands.group import COMMANDS
from crawdad.app.invocation import split_global_options
from crawdad.app.record import EventLog
from crawdad.core.budgets import Budget
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import KEY_DEFAULT, Limits, Permission
from crawdad.core.log import Bodies, Body
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.store.bodies import BodyStore, pack_bodies
from crawdad.store.database import open_database
from crawdad.store.exchanges import ExchangeLog
from crawdad.store.records import pack
from crawdad.store.usage import count_usage
from tests.app.fakes import FakeConfiguration, FakeExchangeLog, FakeKeys, FakeProblem, opening
from tests.app.processes import environment, running
from tests.app.vendor import Vendor, vendor
from tests.store.samples import exchange
from tests.support.waiting import PATIENCE

Capture = pytest.CaptureFixture[str]
MODELS = {"object": "list", "data": [{"id": "crawdad/demo", "object": "model", "owned_by": "crawdad"}]}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRAWDAD_HOME", str(tmp_path))
    for name in ("CRAWDAD_CONFIG", "CRAWDAD_TOKEN", "CRAWDAD_PORT", "CRAWDAD_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def configuration(monkeypatch: pytest.MonkeyPatch) -> FakeConfiguration:
    fake = FakeConfiguration()
    monkeypatch.setattr(backends, "open_configuration", opening(fake))
    return fake


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> FakeKeys:
    fake = FakeKeys()
    monkeypatch.setattr(backends, "open_keys", opening(fake))
    return fake


def document(capsys: Capture, *arguments: str, code: int = 0) -> Any:
    """What `crawdad … --json` prints: exactly one JSON document on standard output, nothing on the other."""
    assert main.run([*arguments, "--json"]) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    return json.loads(printed.out)


def lines(capsys: Capture, *arguments: str, code: int = 0) -> list[str]:
    """What people see who do not sit at a terminal."""
    assert main.run(list(arguments)) == code
    return capsys.readouterr().out.splitlines()


def crawdad(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    command = [sys.executable, "-P", "-m", "crawdad.app.main", *arguments]
    return subprocess.run(command, env=environment(home, **variables), capture_output=True, text=True, timeout=60)


# The frame


def test_global_options_may_stand_anywhere() -> None:
    arguments = ["--home=/a", "config", "--json", "set", "--config", "/b", "key", "--", "--home", "x"]
    expected = (["config", "set", "key", "--", "--home", "x"], {"home": "/a", "config": "/b"}, True)
    assert split_global_options(arguments) == expected
    assert split_global_options(["config", "path", "--home"]) == (["config", "path", "--home"], {}, False)


def test_version(capsys: Capture) -> None:
    assert document(capsys, "version")["version"] in lines(capsys, "version")[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["statu"], "status"),
        (["config", "set", "one"], "VALUE"),
        (["logs", "--lines", "many"], "--lines"),
        (["version", "--nonsense"], "--nonsense"),
        (["config", "path", "--home"], "--home"),
    ],
)
def test_wrong_usage_is_told_in_both_forms(capsys: Capture, arguments: list[str], says: str) -> None:
    error = document(capsys, *arguments, code=exits.USAGE)["error"]
    assert error["exit_code"] == exits.USAGE and says.lower() in error["message"].lower()
    assert main.run(arguments) == exits.USAGE
    printed = capsys.readouterr()
    assert printed.out == "" and says.lower() in printed.err.lower()


def test_no_command_shows_the_help(capsys: Capture) -> None:
    assert any("doctor" in line for line in lines(capsys, code=exits.USAGE))


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS), ["config", "set"], ["keys", "create"]])
def test_every_command_has_help(capsys: Capture, arguments: list[str]) -> None:
    printed = lines(capsys, *arguments, "--help")
    assert printed[0].startswith("Usage: crawdad") and any("--help" in line for line in printed)


def test_help_speaks_chinese(home: Path) -> None:
    for variables in ({"CRAWDAD_LANG": "zh"}, {"CRAWDAD_LANG": "", "LANG": "zh_CN.UTF-8"}):
        assert "查看 Crawdad 是否在运行" in crawdad(home, "--help", **variables).stdout
    page = crawdad(home, "keys", "create", "--help", CRAWDAD_LANG="zh").stdout
    assert all(word in page for word in ("用法", "参数", "选项", "必填", "显示此帮助")) and "Show" not in page


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["keyss"], "没有命令 'keyss'。您是否想输入 'keys'？"),
        (["keys", "create"], "缺少"),
    ],
)
def test_wrong_usage_is_told_in_chinese(home: Path, arguments: list[str], says: str) -> None:
    told = crawdad(home, *arguments, CRAWDAD_LANG="zh")
    assert told.returncode == exits.USAGE and says in told.stderr


class Broken:
    """A configuration that fails in a chosen way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def validate(self) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (GatewayError(ErrorKind.UNAVAILABLE, "the disk sleeps"), exits.PROBLEM, "the disk sleeps"),
        (PermissionError(13, "Permission denied", "/secret"), exits.PROBLEM, "Permission denied: /secret"),
        (RuntimeError("unforeseen"), exits.INTERNAL, "RuntimeError: unforeseen"),
    ],
)
def test_no_error_shows_a_traceback(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, says: str
) -> None:
    monkeypatch.setattr(backends, "open_configuration", opening(Broken(error)))
    assert says in document(capsys, "config", "validate", code=code)["error"]["message"]
    assert main.run(["config", "validate"]) == code
    printed = capsys.readouterr()
    assert says in printed.err and "Traceback" not in printed.err + printed.out


def test_a_reader_that_leaves_is_no_fault(home: Path) -> None:
    log = EventLog(home / "logs" / "supervisor.jsonl")
    log.path.parent.mkdir()
    for number in range(5000):
        log.append("something", number=number)
    command = f"{sys.executable} -P -m crawdad.app.main logs --supervisor -n 5000 | head -1"
    finished = subprocess.run(command, shell=True, env=environment(home), capture_output=True, text=True, timeout=60)
    assert "number=0" in finished.stdout and finished.stderr == ""


def test_simple_commands_load_little(home: Path) -> None:
    code = "import sys; from crawdad.app.main import run; run(['version']); print(' '.join(sys.modules))"
    command = [sys.executable, "-P", "-c", code]
    finished = subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=60)
    heavy = {"rich", "pydantic", "asyncio", "uvicorn", "httptools", "sqlalchemy", "psutil"}
    assert heavy.isdisjoint(finished.stdout.split())


def test_the_supervisor_loads_the_standard_library_only(home: Path) -> None:
    code = "import sys; import crawdad.app.supervisor; print(' '.join(sys.modules))"
    command = [sys.executable, "-P", "-I", "-c", f"import sys; sys.path.append({str(Path('src').resolve())!r}); {code}"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60)
    packages = {name.partition(".")[0] for name in finished.stdout.split()}
    assert packages - sys.stdlib_module_names - {"__main__", "crawdad", "_distutils_hack"} == set()


def test_completion(home: Path) -> None:
    script = crawdad(home, "completion", "zsh").stdout
    assert "_CRAWDAD_COMPLETE" in script
    asked = {"COMP_WORDS": "crawdad st", "COMP_CWORD": "1", "_CRAWDAD_COMPLETE": "complete_bash"}
    assert crawdad(home, **asked).stdout.split() == ["status", "stats"]


# config


def test_a_variable_hides_no_mistake_in_the_file(home: Path) -> None:
    refused = crawdad(home, "config", "set", "gateway.port", "99999", "--json", CRAWDAD_PORT="8045")
    document = json.loads(refused.stdout)
    assert (refused.returncode, document["written"], document["refused"]) == (exits.CONFIGURATION, False, True)
    assert "gateway.port" in [problem["key"] for problem in document["problems"] if problem["severity"] == "error"]
    assert not (home / "openclaw.json").exists()
    (home / "openclaw.json").write_text('{\n  "gateway": {"port": 99999}\n}')
    verdict = crawdad(home, "config", "validate", "--json", CRAWDAD_PORT="8045")
    (problem,) = json.loads(verdict.stdout)["problems"]
    assert (verdict.returncode, problem["key"], problem["line"]) == (exits.CONFIGURATION, "gateway.port", 2)
    assert crawdad(home, "config", "set", "gateway.port", "8046", CRAWDAD_PORT="8045").returncode == exits.OK
    assert json.loads((home / "openclaw.json").read_text()) == {"gateway": {"port": 8046}}


# up, serve, status


def test_up_serve_and_status_as_processes(home: Path) -> None:
    nobody = crawdad(home, "status", "--url", "http://127.0.0.1:9", "--json")
    assert nobody.returncode == exits.UNREACHABLE and json.loads(nobody.stdout)["alive"] is False
    for command in ("up", "serve"):
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "crawdad.app.main", command, "--port", "0", "--json"],
            env=environment(home, CRAWDAD_PORT="1"),
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout is not None
            greeting = json.loads(process.stdout.readline())
            arguments = ["--url", greeting["url"]] if command == "serve" else []
            status = crawdad(home, "status", *arguments, "--json")
            assert status.returncode == exits.OK, status
            state = json.loads(status.stdout)
            assert (state["url"], state["alive"], state["ready"]) == (greeting["url"], True, True)
            assert (state["supervisor"] or {}).get("pid") == (process.pid if command == "up" else None)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == exits.OK


def test_status_for_people(home: Path) -> None:
    with running(home) as supervised:
        supervised.until_ready()
        printed = crawdad(home, "status")
        assert printed.returncode == exits.OK
        assert f"process {supervised.process.pid}" in printed.stdout
        assert json.loads(crawdad(home, "logs", "--supervisor", "--json").stdout)["events"][0]["event"] == "started"


def test_status_tells_alive_from_ready(capsys: Capture) -> None:
    with vendor() as server:
        server.answers = {"/healthz": (200, {}), "/readyz": (503, {"starting": True})}
        state = document(capsys, "status", "--url", server.url, code=exits.PROBLEM)
    assert (state["alive"], state["ready"], state["readiness"]) == (True, False, {"starting": True})


@pytest.mark.parametrize(("told", "shown"), [({"health": "degraded"}, "degraded"), ({}, "-"), ({"health": 5}, "-")])
def test_status_tells_how_well_it_does(capsys: Capture, told: dict[str, Any], shown: str) -> None:
    with vendor() as server:
        server.answers = {"/healthz": (200, told), "/readyz": (200, {})}
        row = next(line for line in lines(capsys, "status", "--url", server.url) if line.startswith("Health"))
    assert row.split()[-1] == shown


# config


def test_config_get_set_unset(capsys: Capture, configuration: FakeConfiguration) -> None:
    assert document(capsys, "config", "set", "gateway.port", "8080")["written"] is True
    assert document(capsys, "config", "get", "gateway.port")["value"] == "8080"
    assert lines(capsys, "config", "get", "gateway.port") == ["8080"]
    assert document(capsys, "config", "unset", "gateway.port")["written"] is True
    missing = document(capsys, "config", "get", "gateway.port", code=exits.PROBLEM)
    assert "gateway.port" in missing["error"]["message"]


def test_a_refused_edit_says_where_why_and_what_to_do(capsys: Capture, configuration: FakeConfiguration) -> None:
    message, fix = Text("wire.missing", {"param": "x"}), Text("up.try")
    configuration.problems = [FakeProblem(True, "gateway.port", message, fix, "/etc/openclaw.json", 3, 5)]
    refused = document(capsys, "config", "set", "gateway.port", "bad", code=exits.CONFIGURATION)
    assert refused["refused"] and refused["problems"][0]["line"] == 3
    printed = lines(capsys, "config", "set", "gateway.port", "bad", code=exits.CONFIGURATION)
    assert printed[0].startswith("/etc/openclaw.json:3:5: gateway.port: ") and printed[1].startswith("    ")
    assert document(capsys, "config", "validate", code=exits.CONFIGURATION)["valid"] is False


def test_config_path(capsys: Capture, home: Path) -> None:
    assert document(capsys, "config", "path")["path"] == str(home / "openclaw.json")
    assert lines(capsys, "config", "path", "--config", "/x/y.json") == ["/x/y.json"]


# keys


def test_keys(capsys: Capture, keys: FakeKeys) -> None:
    limited = ["--permission", "models.use", "--permission", "config.read", "--model", "openai/*", "--expires", "90d"]
    made = document(capsys, "keys", "create", "laptop", *limited, "--requests", "60")
    assert made["key"] == "cd-secret" and made["models"] == ["openai/*"]
    rights = frozenset({Permission.MODELS_USE, Permission.CONFIG_READ})
    wanted = keys.wanted[0]
    assert (wanted.permissions, wanted.limits) == (rights, Limits(("openai/*",), 60, None))
    assert wanted.expires_in == 90 * 86400
    assert lines(capsys, "keys", "create", "plain")[1] == "cd-secret"
    assert (keys.wanted[1].permissions, keys.wanted[1].expires_in) == (KEY_DEFAULT, None)
    assert [key["name"] for key in document(capsys, "keys", "list")["keys"]] == ["laptop", "plain"]
    assert document(capsys, "keys", "revoke", "laptop")["revoked_at"] is not None
    assert [key["name"] for key in document(capsys, "keys", "list")["keys"]] == ["plain"]
    assert "cd-secret" not in "".join(lines(capsys, "keys", "list", "--revoked"))
    assert document(capsys, "keys", "revoke", "nobody", code=exits.PROBLEM)["error"]["kind"] == "not_found"
    assert document(capsys, "keys", "create", "x", "--expires", "soon", code=exits.USAGE)["error"]


def test_keys_with_budgets(capsys: Capture, keys: FakeKeys) -> None:
    given = ["--budget", "5usd/day", "--budget", "2M tokens/month", "--owner", "li.na", "--network", "10.0.0.0/8"]
    made = document(capsys, "keys", "create", "laptop", *given, "--provider", "openai", "--protocol", "gemini")
    budgets = (Budget("usd", "day", 5), Budget("tokens", "month", 2_000_000))
    wanted = keys.wanted[0]
    assert wanted.owner == "li.na" and wanted.limits == Limits(
        providers=("openai",), protocols=("gemini",), networks=("10.0.0.0/8",), budgets=budgets
    )
    told = made["budgets"][0]
    assert (told["limit"], told["used"], told["reserved"], told["left"]) == (5.0, 1.25, 0.5, 3.25)
    shown = "\n".join(lines(capsys, "keys", "show", "laptop"))
    assert "5usd/day" in shown and "3.25" in shown and "2023-11-1" in shown
    assert "1.25 / 5usd/day" in "\n".join(lines(capsys, "keys", "list"))
    more = ["--name", "desk", "--budget", "$8/day", "--model", "a/*", "--clear", "expires", "--clear", "networks"]
    assert document(capsys, "keys", "update", "laptop", *more)["id"] == "key0"
    change = keys.changes[0]
    assert change.name == "desk" and change.budgets == (Budget("usd", "day", 8),) and change.owner is None
    assert dict(change.lists) == {"models": ("a/*",)} and change.clear == {"expires", "networks"}
    assert (
        "5usd/day" in document(capsys, "keys", "create", "x", "--budget", "lots", code=exits.USAGE)["error"]["message"]
    )
    assert document(capsys, "keys", "update", "laptop", "--clear", "everything", code=exits.USAGE)["error"]


# prices


def test_prices(capsys: Capture, configuration: FakeConfiguration) -> None:
    found = document(capsys, "prices", "list", "claude-opus-4-6")["prices"]
    assert [one["vendor"] for one in found] == ["anthropic"]
    assert (found[0]["input"], found[0]["output"], found[0]["cache_read"]) == (5.0, 25.0, 0.5)
    assert found[0]["source"].startswith("https://") and found[0]["date"] >= "2026"
    assert any("claude-opus-4-6" in line for line in lines(capsys, "prices", "list", "anthropic"))
    assert document(capsys, "prices", "check") == {"unknown": 0, "models": []}
    known = {"id": "gpt-5.2"}
    openai = {"baseUrl": "https://api.openai.com/v1", "models": [known, {"id": "gpt-none-such"}]}
    configuration.current = Settings.model_validate({"models": {"providers": {"mine": openai}}})
    checked = document(capsys, "prices", "check", code=exits.PROBLEM)
    assert [(one["model"], one["known"]) for one in checked["models"]] == [
        ("mine/gpt-5.2", True),
        ("mine/gpt-none-such", False),
    ]
    assert any("unknown" in line for line in lines(capsys, "prices", "check", code=exits.PROBLEM))


# models, bench


def test_models_list_uses_the_configured_token(capsys: Capture, configuration: FakeConfiguration) -> None:
    with vendor() as server:
        server.answers = {"/v1/models": (200, MODELS)}
        port = server.server_address[1]
        configuration.current = Settings.model_validate({"gateway": {"port": port, "auth": {"token": "cd-configured"}}})
        assert document(capsys, "models", "list")["models"] == MODELS["data"]
        assert server.seen[0][1]["authorization"] == "Bearer cd-configured"
        assert lines(capsys, "models", "list")[1].split() == ["crawdad/demo", "crawdad"]


def test_models_need_a_token_that_is_accepted(capsys: Capture, configuration: FakeConfiguration) -> None:
    assert "CRAWDAD_TOKEN" in document(capsys, "models", "list", code=exits.DENIED)["error"]["message"]
    with vendor() as server:
        server.answers = {"/v1/models": (401, {"error": {"message": "no"}})}
        document(capsys, "models", "list", "--url", server.url, "--token", "wrong", code=exits.DENIED)
    document(capsys, "models", "list", "--url", server.url, "--token", "any", code=exits.UNREACHABLE)


def chat(server: Vendor, *events: dict[str, Any], end: bytes = b"data: [DONE]\n\n") -> None:
    stream = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    server.answers["/v1/chat/completions"] = (200, [b": waiting\n\n", *stream, end])


def test_models_test_follows_the_stream(capsys: Capture) -> None:
    with vendor() as server:
        arguments = ["models", "test", "crawdad/demo", "--url", server.url, "--token", "any"]
        chat(server, {"choices": [{"delta": {"role": "assistant"}}]}, {"choices": [{"delta": {"content": "Here."}}]})
        result = document(capsys, *arguments)["results"][0]
        assert (result["ok"], result["reply"]) == (True, "Here.") and result["first_seconds"] is not None
        chat(server, {"choices": [{"delta": {"content": "He"}}]}, end=b"")
        assert document(capsys, *arguments, code=exits.PROBLEM)["results"][0]["ok"] is False
        chat(server, {"error": {"message": "overloaded"}})
        assert document(capsys, *arguments, code=exits.PROBLEM)["results"][0]["error"] == "overloaded"
        server.answers["/v1/chat/completions"] = (404, {"error": {"message": "no such model"}})
        result = document(capsys, *arguments, code=exits.PROBLEM)["results"][0]
        assert (result["status"], result["error"]) == (404, "no such model")


# logs


def test_logs_shows_exchanges_without_obeying_them(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    good = Exchange("e1", 1_700_000_000.0, "openai", "chat", "chat", model_resolved="crawdad/demo", status=200)
    good.outcome = "completed"
    bad = Exchange("e2", 1_700_000_001.0, "openai", "chat", "chat", model_requested="evil\x1b[2J\x9b", status=400)
    bad.outcome, bad.error_message = "failed", "no\nsuch model"
    monkeypatch.setattr(backends, "open_exchange_log", opening(FakeExchangeLog([good, bad])))
    assert [each["id"] for each in document(capsys, "logs")["exchanges"]] == ["e1", "e2"]
    assert [each["id"] for each in document(capsys, "logs", "--failed")["exchanges"]] == ["e2"]
    assert [each["id"] for each in document(capsys, "logs", "--errors")["exchanges"]] == ["e2"]
    printed = lines(capsys, "logs")
    assert len(printed) == 3 and "\x1b" not in printed[2] and "\x9b" not in printed[2] and "no such model" in printed[2]


def keep(home: Path, *exchanges: Exchange) -> None:
    """Put exchanges and a body each where the server would."""

    async def put() -> None:
        async with open_database(f"sqlite:///{home / 'crawdad.db'}") as database:
            await ExchangeLog(database, [count_usage]).insert([pack(each) for each in exchanges])
            bodies = Bodies(Body('{"model": "gpt-5"}'), Body("Hello\x1b[2J", True))
            await BodyStore(database).insert([pack_bodies(each.id, each.started_at, bodies) for each in exchanges])

    asyncio.run(put())


def test_bodies_and_exports_of_the_log(capsys: Capture, home: Path) -> None:
    keep(home, exchange(1), exchange(2, status=502, outcome="failed", model_requested="=1+1"))
    told = document(capsys, "logs", "--bodies", "ex000001")
    assert told == {
        "id": "ex000001",
        "request": '{"model": "gpt-5"}',
        "request_truncated": False,
        "response": "Hello\x1b[2J",
        "response_truncated": True,
    }
    printed = lines(capsys, "logs", "--bodies", "ex000001")
    assert '{"model": "gpt-5"}' in printed and "\x1b" not in "".join(printed)
    assert document(capsys, "logs", "--bodies", "nothing", code=exits.PROBLEM)["error"]["kind"] == "not_found"
    exported = crawdad(home, "logs", "--export", "csv", "--errors").stdout.splitlines()
    assert len(exported) == 2 and exported[0].startswith("id,timestamp,") and ",'=1+1," in exported[1]
    rows = [json.loads(line) for line in crawdad(home, "logs", "--export", "jsonl").stdout.splitlines()]
    assert [row["id"] for row in rows] == ["ex000002", "ex000001"]


def test_following_the_log_tells_what_comes_once(home: Path) -> None:
    keep(home, *(exchange(number) for number in range(3)))
    command = [sys.executable, "-P", "-m", "crawdad.app.main", "logs", "-f", "-n", "2", "--json"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # what runs behind a shell's & does not hear Ctrl-C
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment(home), stdout=pipe, text=True, preexec_fn=heard) as process:
        assert process.stdout is not None
        told = [json.loads(process.stdout.readline())["id"] for _ in range(2)]
        keep(home, exchange(900, started_at=1_700_000_000.0))
        keep(home, exchange(901))
        told += [json.loads(process.stdout.readline())["id"] for _ in range(2)]
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == exits.INTERRUPTED
    assert told == ["ex000001", "ex000002", "ex000900", "ex000901"]


def test_stats(capsys: Capture, home: Path) -> None:
    now = time.time()
    keep(home, *(exchange(number, started_at=now - number, owner="ann") for number in range(3)))
    keep(
        home, exchange(8, started_at=now, model_requested="other", cost=None), exchange(9, started_at=now - 40 * 86_400)
    )
    told = document(capsys, "stats", "--by", "model", "--days", "7")
    assert told["rows"][0] == {
        "model": "gpt-5",
        **{"requests": 3, "failed": 0, "input_tokens": 300, "output_tokens": 60, "total_tokens": 360},
        **{"cache_read_tokens": 192, "cost": pytest.approx(0.0375), "unpriced_requests": 0},
    }
    assert told["total"]["requests"] == 4 and told["total"]["unpriced_requests"] == 1
    assert [row["owner"] for row in document(capsys, "stats", "--by", "owner")["rows"]] == ["ann", "(nobody)"]
    assert document(capsys, "stats", "--days", "60")["total"]["requests"] == 5
    printed = lines(capsys, "stats", "--timezone", "Asia/Shanghai")
    assert printed[0].split()[:2] == ["Day", "Requests"] and printed[-1].split()[:2] == ["All", "4"]
    assert "Mars" in document(capsys, "stats", "--timezone", "Mars", code=exits.PROBLEM)["error"]["message"]


def test_nothing_depends_on_the_terminal(home: Path) -> None:
    """The same command at a terminal draws with rich."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-P", "-m", "crawdad.app.main", "status", "--url", "http://127.0.0.1:9"]
    variables = environment(home, TERM="xterm-256color")
    finished = subprocess.run(command, env=variables, stdout=theirs, stderr=theirs, timeout=60)
    os.close(theirs)
    drawn = os.read(ours, 65536).decode()
    os.close(ours)
    assert finished.returncode == exits.UNREACHABLE
    assert "\x1b[" in drawn and "─" in drawn and "http://127.0.0.1:9" in drawn
