"""The configuration that comes along: a new file as its author wrote it, or what is new in it for one that is here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from crawdad.adapters.files import LocalFiles, read_environment
from crawdad.adapters.files.environment import parse_environment
from crawdad.adapters.openclaw_folder import OpenClawFolder, put_file
from crawdad.app.launch import Launch
from crawdad.app.wiring import configuration_source, secret_box
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.files import FileText
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.configuration.evaluation import Surroundings, evaluate
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.includes import Source
from crawdad.services.configuration.json5.document import plain
from crawdad.services.configuration.paths import Path as KeyPath
from crawdad.services.configuration.paths import parse_path
from crawdad.services.configuration.problems import Problem
from crawdad.services.moving.approvals import fresh, read_approvals
from crawdad.services.moving.configuration import joined, news, without_places, without_value
from crawdad.services.moving.report import Report

_MOST_REFUSALS = 40


class Theirs:
    """OpenClaw's configuration as it stands there."""

    def __init__(self, path: Path, settings: Settings | None, sources: tuple[Source, ...], value: Any) -> None:
        self.path = path
        self.settings = settings
        self.sources = sources
        self.value = value

    @classmethod
    async def read(cls, folder: OpenClawFolder, launch: Launch) -> Theirs | None:
        """Read it in its own surroundings; None where there is none."""
        path = folder.configuration
        if path is None:
            return None
        files = LocalFiles()
        environment = await read_environment(str(folder.root), os.getcwd(), launch.environment)
        surroundings = Surroundings(str(path), files, environment, secret_box(launch, environment), str(folder.root))
        main = await files.read(str(path))
        evaluation = await evaluate(main, surroundings, Findings())
        stated = evaluation.loaded.stated
        return cls(path, evaluation.loaded.settings, evaluation.sources, plain(stated))

    @property
    def main(self) -> FileText | None:
        """The main file."""
        return next(
            (source.file for source in self.sources if not source.mount and source.file.path == str(self.path)), None
        )

    def included(self) -> dict[str, tuple[FileText, KeyPath]]:
        """The other files, by where they lie beside the main one."""
        folder = self.path.parent
        return {
            os.path.relpath(source.file.path, folder): (source.file, source.mount)
            for source in self.sources
            if source.file.path != str(self.path)
        }


async def bring_variables(folder: OpenClawFolder, launch: Launch, report: Report, dry_run: bool) -> None:
    """The variables of its `.env` that ours does not name."""
    theirs = await asyncio.to_thread(folder.read, folder.root / ".env")
    if theirs is None:
        return
    target = launch.home / ".env"
    before = await asyncio.to_thread(_text_of, target)
    known = parse_environment(before)
    fresh = []
    for line in theirs.decode("utf-8", "replace").splitlines():
        for name in parse_environment(line):
            if name in known:
                same = parse_environment(line)[name] == known[name]
                report.add("variable", name, "there", None if same else Text("moving.other_value"))
            else:
                fresh.append(line)
                report.add("variable", name, "brought")
    if fresh and not dry_run:
        gap = "" if not before or before.endswith("\n") else "\n"
        text = f"{before}{gap}" + "".join(f"{line}\n" for line in fresh)
        await asyncio.to_thread(put_file, target, text.encode())


async def bring_configuration(theirs: Theirs, launch: Launch, report: Report, dry_run: bool) -> None:
    """The file with what it includes where we have none; else what is new in it. A value that would keep us from starting is
    left out and told."""
    main = theirs.main
    if main is None or not isinstance(theirs.value, dict):
        report.add("configuration", str(theirs.path), "failed", Text("moving.unreadable"))
        return
    source = await configuration_source(launch)
    ours, _ = await source.text()
    if not ours.strip():
        text = without_places(main.text)
        if not await _bring_included(theirs, launch, report, dry_run):
            return
        await _write(launch, text, report, dry_run)
        return
    loaded = await source.load()
    patch = news(_value_without_places(theirs.value), plain(loaded.stated))
    if not patch:
        report.add("configuration", str(launch.config_path), "there")
        return
    await _write(launch, joined(ours, patch), report, dry_run, {problem.identity for problem in loaded.problems})


async def change_ours(launch: Launch, patch: dict[str, Any]) -> None:
    """Lay a patch over our file. Raises BAD_REQUEST where the outcome would be refused."""
    source = await configuration_source(launch)
    launch.config_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = await source.write(lambda text: joined(text, patch))
    for problem in written.problems:
        if problem.is_error:
            raise GatewayError(ErrorKind.BAD_REQUEST, problem.message)


async def bring_approvals(
    folder: OpenClawFolder, agents: Collection[str], launch: Launch, report: Report, dry_run: bool
) -> None:
    """What may run unasked, and what is done with the rest: as far as it can be said of programs without patterns."""
    wanted, left = read_approvals(await asyncio.to_thread(folder.document, folder.root / "exec-approvals.json"), agents)
    for name, reason in left:
        report.add("approval", name, "left", reason)
    if not wanted:
        return
    stated = plain((await (await configuration_source(launch)).load()).stated)
    tools = stated.get("tools") if isinstance(stated, dict) else None
    patch = fresh(wanted, tools.get("exec") if isinstance(tools, dict) else None)
    if patch and not dry_run:
        await change_ours(launch, {"tools": {"exec": patch}})
    new = {*(name for name in patch if name != "allowlist"), *(each["program"] for each in patch.get("allowlist", ()))}
    for name in (
        *(name for name in wanted if name != "allowlist"),
        *(one["program"] for one in wanted.get("allowlist", ())),
    ):
        report.add("approval", name, "brought" if name in new else "there")


def _value_without_places(value: Any) -> Any:
    from crawdad.services.configuration import edits

    return edits.value_of(without_places(edits.merge_patch("", value)))


async def _bring_included(theirs: Theirs, launch: Launch, report: Report, dry_run: bool) -> bool:
    """The included files; False where one of another content is in the way."""
    wanted: dict[Path, bytes] = {}
    for name, (file, mount) in theirs.included().items():
        target = launch.config_path.parent / name
        text = without_places(file.text, mount)
        before = await asyncio.to_thread(_text_of, target)
        if before and before != text:
            report.add("configuration", name, "failed", Text("moving.in_the_way", {"path": str(target)}))
            return False
        wanted[target] = text.encode()
    for target, content in wanted.items():
        if not dry_run:
            await asyncio.to_thread(put_file, target, content)
        report.add("configuration", str(target), "brought")
    return True


async def _write(
    launch: Launch, text: str, report: Report, dry_run: bool, before: Collection[tuple[str, str]] = ()
) -> None:
    """Write the main file, without what is refused of it. What has no effect here is told, unless it was so `before`."""
    source = await configuration_source(launch)
    left: list[Problem] = []
    idle: Sequence[Problem] = ()
    for _ in range(_MOST_REFUSALS):
        if dry_run:
            problems: Sequence[Problem] = await _problems(launch, text)
        else:
            launch.config_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            problems = (await source.write(lambda _, new=text: new)).problems  # type: ignore[misc]
        errors = [problem for problem in problems if problem.is_error]
        idle = [problem for problem in problems if not problem.is_error]
        if not errors:
            break
        shorter = without_value(text, _path(errors[0]))
        if shorter is None:
            report.add("configuration", str(launch.config_path), "failed", errors[0].message)
            return
        left.append(errors[0])
        text = shorter
    for problem in left:
        report.add("configuration", problem.path, "failed", problem.message)
    for problem in idle:
        if problem.identity not in before:
            report.add("configuration", problem.path, "left", problem.message)
    report.add("configuration", str(launch.config_path), "brought")


async def _problems(launch: Launch, text: str) -> list[Problem]:
    """What would be said with a text, were it ours."""
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    path = str(launch.config_path)
    box = secret_box(launch, environment)
    surroundings = Surroundings(path, LocalFiles(), environment, box, str(launch.home))
    evaluation = await evaluate(FileText(path, path, text, ""), surroundings, Findings(), frozenset())
    return list(evaluation.loaded.problems)


def _path(problem: Problem) -> KeyPath:
    try:
        return parse_path(problem.path)
    except GatewayError:
        return ()


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
