"""`crawdad cron` on an installation of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawdad.app import exits
from crawdad.app.main import run


def call(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str, code: int = exits.OK) -> Any:
    assert run(["--home", str(home), "--json", "cron", *arguments]) == code
    return json.loads(capsys.readouterr().out)


def test_a_jobs_life(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = call(capsys, tmp_path, "add", "look", "--every", "10m", "--message", "look", "--misfire", "run-if-within:60")
    assert (job["schedule"]["everyMs"], job["owner"]) == (600_000, "operator")
    assert job["misfire"] == {"mode": "run-if-within", "seconds": 60}
    changed = call(
        capsys, tmp_path, "edit", job["id"], "--cron", "0 9 * * *", "--tz", "Asia/Shanghai", "--name", "rare"
    )
    assert changed["schedule"] == {"kind": "cron", "expr": "0 9 * * *", "tz": "Asia/Shanghai"}
    assert call(capsys, tmp_path, "disable", job["id"])["enabled"] is False
    assert call(capsys, tmp_path, "list")["jobs"] == []
    assert [each["name"] for each in call(capsys, tmp_path, "list", "--all")["jobs"]] == ["rare"]
    assert call(capsys, tmp_path, "run", job["id"], "--wait", "0", code=exits.PROBLEM)["ran"] is False
    assert [each["status"] for each in call(capsys, tmp_path, "runs", job["id"])["entries"]] == ["requested"]
    assert call(capsys, tmp_path, "remove", job["id"])["removed"] is True


def test_openclaws_jobs_are_taken_over_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    payload = {"kind": "agentTurn", "message": "hi"}
    good = {"id": "j1", "name": "old", "schedule": {"kind": "every", "everyMs": 60_000}, "payload": payload}
    file = tmp_path / "jobs.json"
    file.write_text(json.dumps({"version": 1, "jobs": [good, {"id": "j2"}]}))
    told = call(capsys, tmp_path, "import", str(file), code=exits.PROBLEM)
    assert (told["imported"], told["total"], [each["name"] for each in told["problems"]]) == (1, 2, ["j2"])
    assert call(capsys, tmp_path, "import", str(file), code=exits.PROBLEM)["imported"] == 0
    assert call(capsys, tmp_path, "show", "j1")["state"]["nextRunAtMs"] > 0


def test_what_does_not_fit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, tmp_path, "add", "look", "--message", "look", code=exits.USAGE)
    call(capsys, tmp_path, "add", "look", "--every", "soon", "--message", "look", code=exits.USAGE)
    call(capsys, tmp_path, "show", "nothing", code=exits.PROBLEM)
