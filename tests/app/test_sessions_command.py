"""`crawdad sessions` against a home of its own."""

from __future__ import annotations

from pathlib import Path

import orjson

from tests.app.test_accounts_command import crawdad, document
from tests.services.sessions.test_openclaw import THEIRS, file_of


def test_from_a_transcript_to_nothing(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "old.jsonl"
    home.mkdir()
    file.write_bytes(file_of(THEIRS))
    made = document(crawdad(home, "sessions", "import", str(file), "--key", "main", "--title", "Old", "--json"))
    assert made["key"] == "agent:main:main" and made["messages"] == 5 and made["log"] == "5f0c"
    taken = crawdad(home, "sessions", "import", str(file), "--key", "main")
    assert taken.returncode == 1 and "agent:main:main" in taken.stderr
    (listed,) = document(crawdad(home, "sessions", "list", "--json"))["sessions"]
    assert listed["title"] == "Old"
    (found,) = document(crawdad(home, "sessions", "search", "你好", "--json"))["sessions"]
    assert found["key"] == "agent:main:main" and "hi 你好" in found["snippet"]
    shown = document(crawdad(home, "sessions", "show", "main", "--json"))
    assert [line["text"] for line in shown["history"]][:2] == ["hi 你好", "hello"]
    for words in (("list",), ("show", "main"), ("search", "hello")):
        finished = crawdad(home, "sessions", *words, CRAWDAD_LANG="zh")
        assert finished.returncode == 0 and "agent:main:main" in finished.stdout, words
    out = tmp_path / "out.jsonl"
    assert document(crawdad(home, "sessions", "export", "main", str(out), "--json"))["lines"] == len(THEIRS)
    assert [orjson.loads(line) for line in out.read_bytes().splitlines()] == THEIRS
    assert out.stat().st_mode & 0o077 == 0
    assert crawdad(home, "sessions", "export", "main", str(out)).returncode == 1, "a file is not overwritten"
    assert crawdad(home, "sessions", "export", "main").stdout.encode() == out.read_bytes()
    assert document(crawdad(home, "sessions", "reset", "main", "--json"))["log"] != "5f0c"
    assert document(crawdad(home, "sessions", "show", "main", "--json"))["history"] == []
    assert crawdad(home, "sessions", "delete", "main").returncode == 0
    assert crawdad(home, "sessions", "show", "main").returncode == 1
    assert document(crawdad(home, "sessions", "delete", "main", "--purge", "--json"))["purged"] is True
    assert crawdad(home, "sessions", "delete", "main", "--purge").returncode == 1
    assert document(crawdad(home, "sessions", "list", "--json"))["sessions"] == []


def test_what_is_no_transcript_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("nonsense\n")
    finished = crawdad(tmp_path, "sessions", "import", str(tmp_path / "bad.jsonl"))
    assert finished.returncode == 1 and "line 1" in finished.stderr
    assert crawdad(tmp_path, "sessions", "import", str(tmp_path / "none.jsonl")).returncode == 1
