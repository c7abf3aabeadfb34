"""The way from files to settings: join the files, open secrets, put in variables, validate."""

from __future__ import annotations

import asyncio
import os.path
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawdad.core.files import MISSING, FileText, TextFiles
from crawdad.core.ports import SecretBox
from crawdad.core.settings import Settings
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.includes import Source, assemble
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.known_keys import is_used, report_unknown_keys
from crawdad.services.configuration.loading import Loaded
from crawdad.services.configuration.openclaw import adapted
from crawdad.services.configuration.paths import Path, format_path
from crawdad.services.configuration.problems import Problem, Severity
from crawdad.services.configuration.references import resolve_references
from crawdad.services.configuration.sealing import opened
from crawdad.services.configuration.substitution import substitute, with_configured_variables
from crawdad.services.configuration.validation import validated
from crawdad.services.configuration.variables import overridden, with_overrides, with_vendors
from crawdad.services.configuration.workspaces import Ground, check_workspaces, workspaces_of


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a configuration is evaluated in: `path` of its main file, files, environment variables, secret box, and `home`, the
    folder of the gateway's state."""

    path: str
    files: TextFiles
    environment: Mapping[str, str]
    box: SecretBox
    home: str

    @property
    def folder(self) -> str:
        """The folder that includes may not leave."""
        return os.path.dirname(self.path)

    async def read_included(self, path: str) -> FileText | None:
        """An included file."""
        return await self.files.read(path, within=self.folder)

    async def read_secret(self, path: str) -> FileText | None:
        """A file that a SecretRef points into; relative to the configuration."""
        return await self.files.read(_beside(self.folder, path))


def _beside(folder: str, path: str) -> str:
    return os.path.join(folder, os.path.expanduser(path))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A loaded configuration and the files it was read from."""

    loaded: Loaded
    sources: tuple[Source, ...]


async def evaluate(
    main: FileText | None,
    surroundings: Surroundings,
    findings: Findings,
    established: frozenset[str] | None = None,
) -> Evaluation:
    """The configuration that `main` (None: there is no such file) says, with everything that is wrong with it.

    Problems found before may stand in `findings`. `established` are the workspaces that there were before an edit; None:
    that is not known, or it is no edit. Never raises `GatewayError`.
    """
    # A large file, or a hostile one, takes seconds: all of it is done in threads.
    assembly = await assemble(main, surroundings.path, surroundings.read_included, findings)
    root, environment = await asyncio.to_thread(_filled, assembly.root, surroundings, findings)
    root = await resolve_references(root, environment, surroundings.read_secret, findings)
    root, settings = await asyncio.to_thread(_judged, root, environment, surroundings, findings, established)
    hashes = {source.file.path: source.file.hash for source in assembly.sources}
    files = tuple(dict.fromkeys(assembly.paths))
    loaded = Loaded(
        settings=settings,
        problems=tuple(findings.problems),
        hash=main.hash if main else MISSING,
        files=files,
        fingerprint=tuple((file, hashes.get(file, MISSING)) for file in files),
        stated=assembly.root,
        root=root,
    )
    return Evaluation(loaded, tuple(assembly.sources))


def _filled(root: Node, surroundings: Surroundings, findings: Findings) -> tuple[Node, Mapping[str, str]]:
    """The tree with its secrets opened and its variables in place, and where those come from."""
    root = opened(root, surroundings.box, findings)
    environment = with_configured_variables(root, surroundings.environment)
    return substitute(root, environment, findings, _severity), environment


def _judged(
    stated: Node,
    environment: Mapping[str, str],
    surroundings: Surroundings,
    findings: Findings,
    established: frozenset[str] | None,
) -> tuple[Node, Settings | None]:
    """The tree in effect, and the settings that it says."""
    report_unknown_keys(stated, findings)
    root = adapted(with_overrides(stated, surroundings.environment), findings)
    root = with_vendors(root, environment, findings)
    settings = validated(root, findings)
    if settings is not None and workspaces_of(settings):
        check_workspaces(settings, root, Ground(surroundings.home, surroundings.path), established, findings)
    findings.extend(_hidden(stated, overridden(stated, surroundings.environment)))
    return root, settings


def _hidden(stated: Node, paths: Sequence[Path]) -> list[Problem]:
    """What is wrong with values of the files that variables stand above. It keeps nothing from working, as long as they do."""
    if not paths:
        return []
    findings = Findings()
    validated(adapted(stated, findings), findings)
    names = {format_path(path) for path in paths}
    return [problem for problem in findings.problems if problem.path in names]


def _severity(path: Path) -> Severity:
    return Severity.ERROR if is_used(path) else Severity.WARNING
