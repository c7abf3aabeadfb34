"""The process's log: what its lines may hold, and how its file is moved aside."""

from __future__ import annotations

import base64
import gzip
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import orjson
import pytest
import structlog

from crawdad.app import logs
from crawdad.app.rotating import RotatingFile
from crawdad.core.secret import Secret
from crawdad.core.settings import LogSettings, RotationSettings, Settings
from crawdad.services.log_lines import LONGEST_LINE, clean_line, escaped, escaped_values, spelled_secrets

SECRET = 'plain words, no prefix "7" ü'
CLIPBOARD = "\x1b]52;c;cHduZWQ=\x07"


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[None]:
    """Logs are set up for the whole process: they are put back."""
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    level, kept = root.level, structlog.get_config()
    yield
    for handler in root.handlers:
        if handler not in before:
            handler.close()
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**kept)
    logs.CLEANER.remember(Settings())


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_line_neither_steers_a_terminal_nor_tells_a_secret(configured: None, tmp_path: Path, form: str) -> None:
    file = tmp_path / "new" / "crawdad.log"
    settings = Settings.model_validate({"gateway": {"auth": {"token": Secret(SECRET)}}})
    logs.CLEANER.remember(settings)
    logs.configure_logs(LogSettings(file=str(file), format=form))
    log = structlog.get_logger("test")
    log.info("said", path=f"/x{CLIPBOARD}\r\nforged line", deep={"\x9b31m": [f"\x9d52;c;x\x9c\u202e{SECRET}"]})
    encoded = base64.b64encode(f"user:{SECRET}".encode()).decode()
    log.warning(
        "spelled", header=f"Basic {encoded}", url=f"/?q={quote(SECRET, safe='')}", key="sk-proj-abcdefghij0123456789"
    )
    logging.getLogger("foreign").error("old style %s", CLIPBOARD + SECRET)
    try:
        raise ValueError(CLIPBOARD + SECRET)
    except ValueError:
        log.exception("broke\x1b[2J")
    text = file.read_text()
    lines = text.splitlines()
    assert "forged line" in text and not any(line.startswith("forged") for line in lines)
    if form == "json":
        assert [orjson.loads(line)["level"] for line in lines] == ["info", "warning", "error", "error"]
        assert "\x1b" not in text
    bare = text.replace("\x1b[", "<colour>")  # the console's own
    assert not any(character in bare for character in "\x1b\x07\x9b\x9d\u202e\r")
    assert "ValueError" in text and "\\x1b]52;c;" in text.replace("\\\\", "\\")
    for form_of_it in (SECRET, quote(SECRET, safe=""), encoded, orjson.dumps(SECRET).decode()[1:-1], "abcdefghij0123"):
        assert form_of_it not in text
    assert file.stat().st_mode & 0o077 == 0


def test_texts_are_escaped_wherever_they_stand() -> None:
    assert escaped("plain 你好") == "plain 你好"
    assert escaped("a\nb\x1b[0m\u2028\x7f") == "a\\nb\\x1b[0m\\u2028\\x7f"
    assert escaped("a\n\tb\r", lines=True) == "a\n\tb\\r"
    assert escaped_values({"a\x00": ("\x1b", 1, None, Secret("x"))}) == {"a\\x00": ["\\x1b", 1, None, Secret("x")]}


def test_a_line_is_not_endless_and_short_secrets_hide_no_words() -> None:
    assert len(clean_line("x " * LONGEST_LINE, ())) == LONGEST_LINE + 1
    settings = Settings.model_validate({"gateway": {"auth": {"token": Secret("on")}}})
    assert clean_line("it went on", spelled_secrets(settings)) == "it went on"


def test_a_file_that_has_grown_is_moved_aside_and_older_ones_are_compressed(tmp_path: Path) -> None:
    path = tmp_path / "a[1].log"
    settings = RotationSettings(megabytes=0.01, files=3)
    handler = RotatingFile(str(path), settings)
    handler.setFormatter(logging.Formatter("%(message)s"))
    for number in range(5 * 11):
        handler.emit(logging.makeLogRecord({"msg": f"{number:04d}" + "x" * 1000}))
    handler.close()
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == ["a[1].log", "a[1].log.1", "a[1].log.2.gz", "a[1].log.3.gz"]
    texts = [gzip.decompress(Path(f"{path}.{number}.gz").read_bytes()).decode() for number in (3, 2)]
    texts += [Path(f"{path}{ending}").read_text() for ending in (".1", "")]
    numbers = [int(line[:4]) for text in texts for line in text.splitlines()]
    assert numbers == list(range(numbers[0], 55)) and numbers[0] > 0
    assert all(each.stat().st_mode & 0o077 == 0 for each in tmp_path.iterdir())
    old = time.time() - 40 * 86_400
    os.utime(f"{path}.2.gz", (old, old))
    RotatingFile(str(path), settings.model_copy(update={"files": 2})).close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a[1].log", "a[1].log.1"]


def test_two_processes_that_write_into_one_file_both_follow_it(tmp_path: Path) -> None:
    """One finishes up while the next one serves: what it writes must not go where it is about to be compressed."""
    path = tmp_path / "process.log"
    one, other = (RotatingFile(str(path), RotationSettings(megabytes=1)) for _ in range(2))
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", ("first",), None)
    for handler in (one, other):
        handler.emit(record)
    one.doRollover()
    record.args = ("second",)
    for handler in (other, one):
        handler.emit(record)
    assert path.read_text() == "second\n" * 2
    assert (tmp_path / "process.log.1").read_text() == "first\n" * 2
    for handler in (one, other):
        handler.close()


def test_what_is_in_memory_is_clean_as_well(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure_logs(LogSettings(format="json"))
    begin = logs.RING.end
    structlog.get_logger("memory").info("said", authorization="Bearer abcdefghijklmnop0123", name=CLIPBOARD)
    _, data = logs.RING.since(begin)
    assert b"abcdefghijklmnop0123" not in data and b"\x1b" not in data and b"said" in data
    assert "abcdefghijklmnop0123" not in capsys.readouterr().err
