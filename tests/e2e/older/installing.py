"""SDKs of an older major version, each in a folder of its own outside the tree, by name and locked hash.

The locks were made with `uv pip compile --generate-hashes --universal`. Where nothing can be installed, the tests that need
it are skipped, or fail where CRAWDAD_REQUIRE_SERVICES=1 promises that they can run.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

_REQUIRED = os.environ.get("CRAWDAD_REQUIRE_SERVICES") == "1"


def install(name: str) -> Path:
    """The folder that holds the packages of `requirements-<name>.txt`, installed if need be."""
    lock = Path(__file__).with_name(f"requirements-{name}.txt")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "crawdad-tests"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    target = cache / f"{name}-{version}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if target.exists():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as fresh:
        place = Path(fresh) / "packages"
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(place)]
        done = subprocess.run(
            [*command, "--require-hashes", "-r", str(lock)], capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            _unavailable(f"{name} could not be installed: {done.stderr[-500:]}")
        try:
            place.rename(target)
        except OSError:  # another test process was faster
            assert target.exists()
    return target


def _unavailable(reason: str) -> None:
    if _REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)
