"""The files for containers: what they copy exists, what they call is a command, and nobody runs as root."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path

from crawdad.app.commands.group import COMMANDS

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "container" / "Containerfile"


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", FILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    kept = {line[1:] for line in ignored if line.startswith("!")}
    sources = [
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    assert "requirements.lock" in sources and "src" in sources
    for source in sources:
        assert (ROOT / source).exists() and any(fnmatch(source, each) for each in kept), source


def test_nobody_is_root_and_the_lock_counts() -> None:
    said = instructions()
    last = [name for name, _ in said].index("USER")
    assert dict(said)["USER"].split(":")[0] not in ("root", "0") and last > max(
        position for position, (name, _) in enumerate(said) if name == "RUN"
    )
    assert any("--require-hashes" in rest for _, rest in said)
    for name in ("HEALTHCHECK", "CMD"):
        rest = dict(said)[name]
        program, command = json.loads(rest[rest.index("[") :])
        assert program == "crawdad" and command in COMMANDS
    compose = FILE.with_name("compose.yaml").read_text()
    assert "read_only: true" in compose and '"127.0.0.1:18789:18789"' in compose


def test_the_image_is_built_in_a_format_that_has_health_checks() -> None:
    """Podman's own choice, `oci`, has none: it warns, and leaves the check out."""
    for place in (FILE, ROOT / "docs" / "install.md", ROOT / "docs" / "install.zh-CN.md"):
        builds = re.findall(r"podman build .*", place.read_text())
        assert builds and all("--format docker" in build for build in builds), place.name
