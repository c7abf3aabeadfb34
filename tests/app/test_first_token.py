"""The token of a first start: made once there is a port, shown to a person and to no log, and not lost by a start that fails."""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from crawdad.app import exits, first_token
from tests.app.processes import ROOT, environment, running
from tests.support.waiting import eventually

_TOKEN = re.compile(r"sk-crawdad-[\w-]{20,}")
_PATIENCE = 120.0


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-P", "-m", "crawdad.app", *arguments, "--home", str(home)]
    env = environment(home, PYTHONPATH=str(ROOT / "src"))
    return subprocess.run(line, env=env, capture_output=True, text=True, timeout=_PATIENCE)


def test_a_taken_port_makes_no_token_and_a_start_into_a_journal_prints_none(tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text('{"models": {"discoverLocal": false}}')
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with running(tmp_path, CRAWDAD_PORT=port, PYTHONPATH=str(ROOT / "src")) as crawdad:
            assert crawdad.end(_PATIENCE) == exits.ADDRESS_TAKEN
    assert first_token.kept(tmp_path) is None
    with running(tmp_path, JOURNAL_STREAM="8:1", PYTHONPATH=str(ROOT / "src")) as crawdad:
        crawdad.until_ready()
        shown = json.loads(command(tmp_path, "token", "--json").stdout)["token"]
        with closing(crawdad.connect()) as connection:
            connection.request("GET", "/v1/models", headers={"authorization": f"Bearer {shown}"})
            assert connection.getresponse().status == 200
        again = command(tmp_path, "token")
        assert again.returncode == exits.PROBLEM and "crawdad keys create" in again.stderr
        crawdad.process.terminate()
        output, errors = crawdad.process.communicate(timeout=_PATIENCE)
    assert "crawdad token" in output and not _TOKEN.search(output + errors)
    for log in (tmp_path / "logs").iterdir():
        assert shown not in log.read_text(errors="replace")


def test_a_terminal_shows_it_at_once(tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text('{"models": {"discoverLocal": false}}')
    ours, theirs = pty.openpty()
    line = [sys.executable, "-P", "-m", "crawdad.app", "serve", "--home", str(tmp_path)]
    env = environment(tmp_path, PYTHONPATH=str(ROOT / "src"))
    process = subprocess.Popen(line, env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    try:
        seen = b""
        while b"curl" not in seen:
            seen += os.read(ours, 4096)
        eventually(lambda: first_token.kept(tmp_path) is None, "what was shown to be forgotten")
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert _TOKEN.search(seen.decode()) and first_token.kept(tmp_path) is None
