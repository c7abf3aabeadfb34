"""Whether the lock files fit pyproject.toml: every requirement pinned to a version it allows, everything with hashes.

Needs no network: it does not look for newer versions (`make lock` does), only for a forgotten `make lock`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    """Name → version of a lock file."""
    return {canonicalize_name(name): version for name, version in _PIN.findall(path.read_text(encoding="utf-8"))}


def unhashed(path: Path) -> list[str]:
    """The pins of a lock file without a hash."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", path.read_text(encoding="utf-8"))
    return [block.partition(" ")[0] for block in blocks if _PIN.match(block) and "--hash=sha256:" not in block]


def misfits(wanted: list[str], locked: dict[str, str], name: str) -> list[str]:
    """What is wrong with `locked` as a lock of the requirements `wanted`."""
    problems = []
    for text in wanted:
        requirement = Requirement(text)
        version = locked.get(canonicalize_name(requirement.name))
        if version is None:
            problems.append(f"{name}: {requirement.name} is missing")
        elif not requirement.specifier.contains(version, prereleases=True):
            problems.append(f"{name}: {requirement.name} {version} is not {requirement.specifier}")
    return problems


def main() -> int:
    """Print what does not fit; the exit code."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run = list(project["project"]["dependencies"])
    for extra in project["project"].get("optional-dependencies", {}).values():
        run += extra
    development = [*run, *(each for each in project["dependency-groups"]["dev"] if isinstance(each, str))]
    run_lock, development_lock = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
    run_pins, development_pins = pins(run_lock), pins(development_lock)
    problems = misfits(run, run_pins, run_lock.name) + misfits(development, development_pins, development_lock.name)
    for name, version in run_pins.items():
        if development_pins.get(name, version) != version:
            problems.append(f"{name}: {version} in one lock, {development_pins[name]} in the other")
    for lock in (run_lock, development_lock):
        problems += [f"{lock.name}: {pin} has no hash" for pin in unhashed(lock)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("Run 'make lock'.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
