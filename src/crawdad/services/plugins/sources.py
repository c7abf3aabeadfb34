"""Where a plugin is installed from, read from one word: a directory, an archive, an address, a package, a commit. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from crawdad.core.errors import bad_request

SourceKind = Literal["file", "url", "pypi", "git"]
_PACKAGE = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?)==([A-Za-z0-9.!+_-]{1,60})")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HASH = re.compile(r"[0-9a-f]{64}")
_LOCKED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+_-]+)((?:\s+--hash=sha256:[0-9a-f]{64})+)")


@dataclass(frozen=True, slots=True)
class Source:
    """`place`: a path, an address, `name==version`, or the repository of a commit."""

    kind: SourceKind
    place: str
    commit: str = ""

    @property
    def spec(self) -> str:
        """As it is written."""
        if self.kind == "pypi":
            return f"pypi:{self.place}"
        return f"git+{self.place}@{self.commit}" if self.kind == "git" else self.place


def read_source(text: str) -> Source:
    """What `text` names. Raises BAD_REQUEST for what is not pinned to one version or commit."""
    text = text.strip()
    if text.startswith("pypi:"):
        place = text.removeprefix("pypi:").strip()
        if not _PACKAGE.fullmatch(place):
            raise bad_request("plugins.unpinned_package", "source", spec=place[:100])
        return Source("pypi", place)
    if text.startswith("git+"):
        place, _, commit = text.removeprefix("git+").rpartition("@")
        if not _COMMIT.fullmatch(commit) or not place:
            raise bad_request("plugins.unpinned_commit", "source", spec=text[:200])
        if not place.startswith(("https://", "/")) or any(character.isspace() for character in place):
            raise bad_request("plugins.git_address", "source", spec=place[:200])
        return Source("git", place, commit)
    if text.startswith(("https://", "http://")):
        return Source("url", text)
    return Source("file", text)


def repinned(source: Source, to: str) -> Source:
    """The same source with another version or commit. Raises BAD_REQUEST."""
    if not to:
        return source
    if source.kind == "pypi":
        return read_source(f"pypi:{source.place.partition('==')[0]}=={to}")
    if source.kind == "git":
        return read_source(f"git+{source.place}@{to}")
    return read_source(to)


def checked_hash(sha256: str) -> str:
    """A SHA-256 in small letters, or nothing. Raises BAD_REQUEST."""
    found = sha256.strip().lower()
    if found and not _HASH.fullmatch(found):
        raise bad_request("skills.bad_hash", "sha256")
    return found


def locked_requirements(text: str) -> list[str]:
    """The requirements of a `requirements.lock`: each pinned, each with its hashes. Raises BAD_REQUEST for any other line:
    what is not pinned could be anything tomorrow."""
    found: list[str] = []
    for line in text.replace("\\\n", " ").splitlines():
        line = line.partition(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        requirement, _, marker = line.partition(";")
        if marker or not _LOCKED.fullmatch(requirement.strip()):
            raise bad_request("plugins.unlocked", "source", line=line[:100])
        found.append(" ".join(requirement.split()))
    return found
