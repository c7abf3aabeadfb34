"""npm packages that tests run: installed by name and locked hash into a cache outside the tree, once for all test runs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


class NotInstalled(Exception):
    """Node.js, npm or a package is not to be had; the message says which and why."""


def installed(package: Path, seconds: float = 120) -> Path:
    """The folder where what `package` (a folder with `package.json` and `package-lock.json`) names is installed.

    Installs it first if need be, without running any package's own scripts. Raises `NotInstalled`.
    """
    target = place_of(package)
    cache = target.parent
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NotInstalled("Node.js and npm are not installed")
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as fresh:
            place = Path(fresh) / "package"
            shutil.copytree(package, place, ignore=shutil.ignore_patterns("node_modules"))
            _install(place, seconds)
            try:
                place.rename(target)
            except OSError:  # another test process was faster
                assert target.exists()
    return target


def place_of(package: Path) -> Path:
    """Where what `package` names is installed, or will be."""
    lock = (package / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "crawdad-tests"
    return cache / f"node-{hashlib.sha256(lock).hexdigest()[:16]}"


def _install(place: Path, seconds: float) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"npm was not done after {seconds:.0f} s") from None
    if done.returncode:
        raise NotInstalled(f"npm could not install the packages: {done.stderr[-500:]}")
