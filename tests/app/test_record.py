"""What the supervisor leaves in the home directory, where the disk says no."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from crawdad.app import record


def test_the_state_is_written_over_where_there_is_no_room_for_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    descriptor = record.lock(tmp_path)
    try:
        record.write_state(tmp_path, {"pid": 1, "state": "starting", "addresses": [["127.0.0.1", 18789]]})

        def full(source: object, target: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "replace", full)
        record.write_state(tmp_path, {"pid": 1, "state": "ready"})
        assert record.read_state(tmp_path) == {"pid": 1, "state": "ready"}
        assert {path.name for path in tmp_path.iterdir()} == {"supervisor.json", "supervisor.lock"}
    finally:
        os.close(descriptor)
