"""`crawdad update` from a package index on loopback, under a real supervisor: a newer version comes, or everything stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crawdad import __version__
from tests.app.processes import ROOT
from tests.simulators.package_index import SOURCE, PackageIndex, make_wheel, package_index, wheel_name
from tests.support.server import UP, Gateway, running_gateway, settings
from tests.support.waiting import eventually

NEW = "99.1.0"


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with package_index() as running:
        yield running


@pytest.fixture
def gateway(index: PackageIndex) -> Iterator[Gateway]:
    ops = {"kind": "webhook", "url": "http://127.0.0.1:9/"}
    config = settings({}) | {"update": {"index": f"{index.url}/simple"}, "notifications": {"targets": {"ops": ops}}}
    env = {"CRAWDAD_UPDATES": "self", "CRAWDAD_UPDATE_INDEX": "", "CRAWDAD_BACKOFF_SECONDS": "0.05"}
    with running_gateway(config, env=env, command=UP) as running:
        yield running


def command(gateway: Gateway, *arguments: str, own: str = "self") -> subprocess.Popen[str]:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **{"PYTHONPATH": str(ROOT / "src"), "CRAWDAD_LANG": "en", "CRAWDAD_UPDATES": own},
    }
    words = [sys.executable, "-m", "crawdad.app.main", *arguments, "--home", str(gateway.home), "--json"]
    return subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def crawdad(gateway: Gateway, *arguments: str, own: str = "self") -> tuple[int, Any]:
    process = command(gateway, *arguments, own=own)
    out, complaints = process.communicate(timeout=240)
    assert out, complaints
    return process.returncode, json.loads(out)


def running_version(gateway: Gateway) -> str:
    """What the process that answers is: read from its command line."""
    state = json.loads((gateway.home / "supervisor.json").read_text())
    python = Path(f"/proc/{state['application']['pid']}/cmdline").read_bytes().split(b"\0")[0].decode()
    return NEW if f"versions/{NEW}" in python else __version__


def test_a_newer_version_takes_over_and_is_gone_back_from(gateway: Gateway, index: PackageIndex) -> None:
    index.files = {wheel_name(NEW): make_wheel(NEW), wheel_name("100.0rc1"): b"not for everybody"}
    code, found = crawdad(gateway, "update", "check")
    assert (code, found["latest"], found["available"]) == (0, NEW, True)
    crawdad(gateway, "keys", "create", "before")
    code, updated = crawdad(gateway, "update", "run")
    assert (code, updated["outcome"], updated["after"]) == (0, "kept", NEW), (updated, gateway.log())
    assert running_version(gateway) == NEW
    assert crawdad(gateway, "version")[1]["version"] == NEW, "the command line goes on as the new version"
    code, again = crawdad(gateway, "update", "run")
    assert (code, again["outcome"]) == (0, "newest")
    assert {key["name"] for key in crawdad(gateway, "keys", "list")[1]["keys"]} == {"before"}
    index.files[wheel_name("99.2.0")] = make_wheel("99.2.0")
    code, updated = crawdad(gateway, "update", "run")
    assert (code, updated["outcome"], updated["before"], updated["after"]) == (0, "kept", NEW, "99.2.0"), updated
    code, back = crawdad(gateway, "update", "rollback")
    assert (code, back["outcome"], back["after"]) == (0, "kept", NEW), back
    assert running_version(gateway) == NEW
    found = crawdad(gateway, "update", "status")[1]
    assert found["pointer"] == NEW and found["installed"] == [NEW, "99.2.0"] and found["state"] == "success"


def test_a_version_that_does_not_come_up_goes_and_the_database_with_it(gateway: Gateway, index: PackageIndex) -> None:
    migration = (
        'from alembic import op\nrevision = "9999"\ndown_revision = "%s"\n\n\ndef upgrade() -> None:\n'
        '    op.execute("CREATE TABLE of_the_future (id TEXT)")\n'
    )
    history = (SOURCE / "store" / "migrations" / "__init__.py").read_text()
    head = history.split('HEAD = "')[1].split('"')[0]
    front = (SOURCE / "app" / "front.py").read_text()
    broken = {
        "store/migrations/__init__.py": history.replace(f'"{head}"', '"9999"'),
        "store/migrations/versions/v9999_future.py": migration % head,
        "app/front.py": front + "\n\nraise RuntimeError('it never serves')\n",
    }
    # The database is opened, and so migrated, before that: import the front late, as the server does.
    server = (SOURCE / "app" / "server.py").read_text()
    assert "    from crawdad.app.front import Front\n" in server
    server = server.replace("    from crawdad.app.front import Front\n", "")
    server = server.replace(
        "            front = Front(", "            from crawdad.app.front import Front\n            front = Front("
    )
    index.files = {wheel_name(NEW): make_wheel(NEW, {**broken, "app/server.py": server})}
    crawdad(gateway, "keys", "create", "before")
    code, updated = crawdad(gateway, "update", "run")
    assert (code, updated["outcome"]) == (1, "undone") and updated["reason"], updated
    eventually(gateway._ready, "the gateway")
    assert running_version(gateway) == __version__
    assert {key["name"] for key in crawdad(gateway, "keys", "list")[1]["keys"]} == {"before"}
    assert crawdad(gateway, "update", "status")[1]["state"] == "failed"
    told = eventually(lambda: of_kind(gateway, "update.failed"), "word of it")
    assert len(told) == 1 and NEW in told[0]["text"] and "went back" in told[0]["text"]


def of_kind(gateway: Gateway, kind: str) -> list[dict[str, Any]]:
    """What operators are told of a kind."""
    page = httpx.get(f"{gateway.base_url}/api/notifications", headers=gateway.headers, timeout=30).json()
    return [one for one in page["notifications"] if one["kind"] == kind]


def test_what_cannot_live_here_is_never_switched_to(gateway: Gateway, index: PackageIndex) -> None:
    rehearsal = (SOURCE / "app" / "rehearsal.py").read_text().replace("    problems = []\n", '    problems = ["no"]\n')
    pid = gateway.pid
    for wheel, code in (
        (make_wheel(NEW, {"app/rehearsal.py": rehearsal}), "rehearsal_failed"),
        (make_wheel("98.0"), "other_version"),
        (b"no wheel at all", "update_failed"),
    ):
        index.files = {wheel_name(NEW): wheel}
        exit_code, told = crawdad(gateway, "update", "run")
        assert exit_code == 1 and told["error"]["code"] == code, told
        crawdad(gateway, "backup", "list")
        for path in (gateway.home / "versions").glob(f"{NEW}/crawdad.json"):
            path.unlink()
    index.lies = set(index.files)
    assert crawdad(gateway, "update", "run")[1]["error"]["code"] == "wrong_hash"
    assert gateway.pid == pid and running_version(gateway) == __version__
    assert "switch_applied" not in (gateway.home / "logs" / "supervisor.jsonl").read_text()


def test_killed_while_fetching_and_while_installing(gateway: Gateway, index: PackageIndex) -> None:
    index.files = {wheel_name(NEW): make_wheel(NEW)}
    index.hold.clear()
    process = command(gateway, "update", "run")
    eventually(lambda: any(path.startswith("/files/") for path in index.asked), "the download")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    index.hold.set()
    process = command(gateway, "update", "run")
    eventually((gateway.home / "versions" / NEW).is_dir, "the installation")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert gateway._ready() and running_version(gateway) == __version__
    assert crawdad(gateway, "update", "status")[1]["installed"] == []
    code, updated = crawdad(gateway, "update", "run")
    assert (code, updated["outcome"]) == (0, "kept"), (updated, gateway.log())
    assert running_version(gateway) == NEW


def test_where_something_else_brings_newer_versions(gateway: Gateway, index: PackageIndex) -> None:
    index.files = {wheel_name(NEW): b""}
    assert crawdad(gateway, "update", "check", own="managed")[1]["available"] is True
    code, told = crawdad(gateway, "update", "run", own="managed")
    assert code == 1 and told["error"]["code"] == "managed_by_managed"


def test_a_killed_supervisor_in_the_middle_of_the_trial(gateway: Gateway, index: PackageIndex) -> None:
    index.files = {wheel_name(NEW): make_wheel(NEW)}
    gateway.kill()
    code, updated = crawdad(gateway, "update", "run")
    assert (code, updated["outcome"]) == (0, "done"), updated
    gateway.start()
    gateway.kill()
    gateway.start()
    from crawdad.app import switching

    eventually(lambda: switching.read(gateway.home) is None, "the end of the trial")
    last = switching.last(gateway.home)
    assert last is not None and last.state == "kept" and running_version(gateway) == NEW
