"""Write what the package is made of: each library of the lock files with its version and licence. Usage: licences.py OUTPUT

The licences of the console's libraries stand in its lock file; those of Python's are what the installed packages say of
themselves, and are left out where a package is not installed here.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)
_CLASSIFIER = "License :: OSI Approved :: "
_LONGEST = 60


def of_the_console() -> list[list[str]]:
    """What browsers are given."""
    packages = json.loads((ROOT / "ui/package-lock.json").read_text(encoding="utf-8"))["packages"]
    found = {
        (path.rpartition("node_modules/")[2], each["version"], each.get("license", ""))
        for path, each in packages.items()
        if path and not each.get("dev")
    }
    return [list(each) for each in sorted(found)]


def of_the_server() -> list[list[str]]:
    """What runs beside the gateway's own code."""
    pins = _PIN.findall((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    return [[name, version, _licence(name)] for name, version in sorted(pins)]


def _licence(name: str) -> str:
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return ""
    return _of(said)


def _of(said: PackageMetadata) -> str:
    classified = [
        each.removeprefix(_CLASSIFIER) for each in said.get_all("Classifier") or () if each.startswith(_CLASSIFIER)
    ]
    free, named = said.get("License") or "", said.get("License-Expression") or ""
    # The old field may hold the text of the licence itself.
    short = free.strip() if len(free) <= _LONGEST and "\n" not in free.strip() else ""
    return named or ", ".join(classified) or short


if __name__ == "__main__":
    document = {"console": of_the_console(), "server": of_the_server()}
    Path(sys.argv[1]).write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
