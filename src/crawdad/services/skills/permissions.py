"""What a skill would have, told before it is put to use: what it needs, what it brings, what it asks to be installed. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawdad.core.parts import JsonObject
from crawdad.core.skills import Package
from crawdad.services.skills.head import SkillHead

_SCRIPTS = (".sh", ".bash", ".zsh", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl", ".ps1", ".bat", ".cmd", ".php")
_HOST = re.compile(rb"https?://([A-Za-z0-9.-]+)")
_SUSPECT = (
    ("pipes a download into a shell", re.compile(rb"(?:curl|wget)[^\n|]{0,300}\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b")),
    ("decodes base64 into a shell", re.compile(rb"base64\s+(?:-d|-D|--decode)[^\n]{0,200}\|\s*(?:ba|z|da)?sh\b")),
    ("reads keys of other programs", re.compile(rb"\.ssh/id_|\.aws/credentials|\.config/gcloud|\.netrc")),
    (
        "tells the model to ignore its instructions",
        re.compile(rb"ignore (?:all |any )?(?:the )?(?:previous|prior|earlier) instructions", re.IGNORECASE),
    ),
    ("hides text from its reader", re.compile(rb"\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xa4]")),
)


@dataclass(frozen=True, slots=True)
class Permissions:
    """The summary."""

    binaries: tuple[str, ...]
    variables: tuple[str, ...]
    config: tuple[str, ...]
    installers: tuple[str, ...]
    scripts: tuple[str, ...]
    hosts: tuple[str, ...]
    command_tool: str
    warnings: tuple[str, ...]
    files: int
    size: int

    @property
    def document(self) -> JsonObject:
        """As plain JSON."""
        return {
            "binaries": list(self.binaries),
            "variables": list(self.variables),
            "config": list(self.config),
            "installers": list(self.installers),
            "scripts": list(self.scripts),
            "hosts": list(self.hosts),
            "commandTool": self.command_tool,
            "warnings": list(self.warnings),
            "files": self.files,
            "bytes": self.size,
        }


def permissions_of(head: SkillHead, package: Package) -> Permissions:
    """What the package would have."""
    scripts = sorted(path for path in package.files if path in package.executable or path.lower().endswith(_SCRIPTS))
    hosts: set[str] = set()
    warnings: set[str] = set()
    for path, data in package.files.items():
        if b"\0" in data[:1024]:
            continue
        hosts |= {found.decode().lower().strip(".") for found in _HOST.findall(data)}
        warnings |= {f"{path}: {words}" for words, pattern in _SUSPECT if pattern.search(data)}
    return Permissions(
        tuple(dict.fromkeys((*head.binaries, *head.any_binaries))),
        tuple(dict.fromkeys((*((head.primary_env,) if head.primary_env else ()), *head.variables))),
        head.config,
        tuple(f"{one.kind} {one.what}".strip() for one in head.installers),
        tuple(scripts[:100]),
        tuple(sorted(hosts)[:100]),
        head.command_tool,
        tuple(sorted(warnings)[:50]),
        len(package.files),
        sum(map(len, package.files.values())),
    )
