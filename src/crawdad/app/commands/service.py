"""`crawdad service`: let systemd or launchd keep Crawdad running."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Toned
from crawdad.app.service import present, usual
from crawdad.app.service.wish import MARK, ServiceManager, Wish, edition_of, joined, left_behind, wish_for
from crawdad.app.words import words
from crawdad.core.errors import GatewayError

app = application("service", no_args_is_help=True)
_SECONDS = 120.0
_LOOK_SECONDS = 0.2
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"

System = Annotated[bool, typer.Option("--system", help=words("cli.service.system"))]
Name = Annotated[str, typer.Option("--name", help=words("cli.service.name"))]


@command(app, "cli.service.install", "install")
def install(
    context: typer.Context,
    system: System = False,
    user: Annotated[str, typer.Option("--user", help=words("cli.service.user"))] = "crawdad",
    name: Name = "crawdad",
    no_start: Annotated[bool, typer.Option("--no-start", help=words("cli.service.no_start"))] = False,
    new_privileges: Annotated[bool, typer.Option("--new-privileges", help=words("cli.service.privileges"))] = False,
    only_print: Annotated[bool, typer.Option("--print", help=words("cli.service.print"))] = False,
) -> int:
    invocation: Invocation = context.obj
    wish = _wish(invocation, system=system, name=name, user=user, new_privileges=new_privileges)
    wish = wish._replace(drain_seconds=_drain_seconds(wish))
    if only_print:
        text = usual().text(wish)
        invocation.output.show({"manager": usual().name, "file": str(usual().file(wish)), "text": text}, text.rstrip())
        return exits.OK
    manager = _manager()
    _may(wish)
    _make_home(wish)
    known = manager.file(wish).exists()
    kept = _write(manager.file(wish), manager.text(wish))
    if known:  # what runs was started from what was written before
        for each in manager.uninstall(wish)[0]:
            _run(each, may_fail=True)
        _wait_until_gone(manager, wish)
    done = [_run(each) for each in manager.install(wish, start=not no_start)]
    left = left_behind(wish.launch.environment)
    lines = [Toned(words("cli.service.installed", file=manager.file(wish)), "green")]
    lines += [Toned(words("cli.service.kept", file=kept), "yellow")] if kept else []
    lines += [Toned(words("cli.service.left", names=", ".join(left), home=wish.launch.home), "yellow")] if left else []
    if manager.name == "systemd" and not system and not _lingers():
        lines.append(Toned(words("cli.service.linger"), "yellow"))
    document = {"file": str(manager.file(wish)), "kept": str(kept or ""), "ran": done, "variables_left": left}
    invocation.output.show(document, *lines)
    return exits.OK


@command(app, "cli.service.uninstall", "uninstall")
def uninstall(context: typer.Context, system: System = False, name: Name = "crawdad") -> int:
    invocation: Invocation = context.obj
    manager, wish = _manager(), _wish(invocation, system=system, name=name)
    file = manager.file(wish)
    _ours(file)
    _may(wish, user=False)
    before, after = manager.uninstall(wish)
    done = [_run(each, may_fail=True) for each in before]
    file.unlink(missing_ok=True)
    done += [_run(each, may_fail=True) for each in after]
    invocation.output.show({"file": str(file), "ran": done}, words("cli.service.removed", file=file))
    return exits.OK


@command(app, "cli.service.status", "status")
def status(context: typer.Context, system: System = False, name: Name = "crawdad") -> int:
    invocation: Invocation = context.obj
    manager, wish = _manager(), _wish(invocation, system=system, name=name)
    file = manager.file(wish)
    if not file.exists():
        raise CommandFailed(words("cli.service.absent", file=file), file=str(file), installed=False)
    answer = _answer(manager.status(wish))
    running = answer.returncode == 0
    document = {"file": str(file), "installed": True, "running": running, "text": answer.stdout}
    invocation.output.show(document, answer.stdout.rstrip() or answer.stderr.rstrip())
    return exits.OK if running else exits.PROBLEM


@command(app, "cli.service.logs", "logs")
def logs(
    context: typer.Context,
    system: System = False,
    name: Name = "crawdad",
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=10_000, help=words("cli.service.lines"))] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help=words("cli.logs.follow"))] = False,
) -> int:
    manager, wish = _manager(), _wish(context.obj, system=system, name=name)
    return subprocess.run(manager.logs(wish, lines, follow=follow), check=False).returncode and exits.PROBLEM


def _manager() -> ServiceManager:
    manager = present()
    if manager is None:
        raise CommandFailed(words("cli.service.no_manager"))
    return manager


def _wish(
    invocation: Invocation, *, system: bool, name: str, user: str = "crawdad", new_privileges: bool = False
) -> Wish:
    import re

    for value in (name, user):
        if not re.fullmatch(_NAME, value):
            raise CommandFailed(words("cli.service.bad_name", name=value), exits.USAGE)
    return wish_for(invocation.launch, name=name, system=system, user=user, new_privileges=new_privileges)


def _drain_seconds(wish: Wish) -> float:
    """What the configuration says, where it can be read."""
    import asyncio

    from crawdad.app.commands import backends

    with suppress(GatewayError, OSError):
        return asyncio.run(backends.settings(wish.launch)).gateway.drain_seconds
    return wish.drain_seconds


def _may(wish: Wish, *, user: bool = True) -> None:
    """A service of the system is the administrator's affair, and runs as somebody who exists."""
    if not wish.system:
        return
    if os.geteuid() != 0:
        raise CommandFailed(words("cli.service.not_root"), exits.DENIED)
    import pwd

    try:
        pwd.getpwnam(wish.user)
    except KeyError:
        if user:
            raise CommandFailed(words("cli.service.no_user", user=wish.user, home=wish.launch.home)) from None


def _make_home(wish: Wish) -> None:
    """The folders that the service begins in. launchd opens its log before anything runs; below a folder of root's the user of
    a service of the system could make none."""
    import shutil

    for folder in (wish.launch.home, wish.launch.logs):
        if folder.exists():
            continue
        try:
            folder.mkdir(mode=0o700, parents=True)
            if wish.system:
                shutil.chown(folder, wish.user)
        except OSError as error:
            reason = error.strerror or str(error)
            raise CommandFailed(words("up.home_unusable", home=folder, reason=reason)) from error


def _wait_until_gone(manager: ServiceManager, wish: Wish) -> None:
    """What is still on its way out would refuse to be loaded anew: launchd does not wait for it."""
    import time

    end = time.monotonic() + wish.stop_seconds
    while _answer(manager.status(wish)).returncode == 0 and time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)


def _ours(file: Path) -> str:
    """The text of a file that was made here. Nobody else's is touched."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CommandFailed(words("cli.service.absent", file=file), file=str(file), installed=False) from None
    if edition_of(text) is None:
        raise CommandFailed(words("cli.service.foreign", file=file, mark=MARK), file=str(file))
    return text


def _write(file: Path, text: str) -> Path | None:
    """Put `text` there, whole; where the copy of another text lies that was there before."""
    kept = None
    if file.exists() and (before := _ours(file)) != text:
        kept = file.with_name(f"{file.name}.bak")
        kept.write_text(before, encoding="utf-8")
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o644)
    os.replace(fresh, file)
    return kept


def _run(arguments: Sequence[str], *, may_fail: bool = False) -> str:
    answer = _answer(arguments)
    if answer.returncode and not may_fail:
        reason = (answer.stderr or answer.stdout).strip() or words("up.exit_code", code=answer.returncode)
        raise CommandFailed(words("cli.service.refused", command=joined(arguments), reason=reason))
    return joined(arguments)


def _answer(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(arguments, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        reason = words("cli.service.late", seconds=f"{_SECONDS:g}")
        raise CommandFailed(words("cli.service.refused", command=joined(arguments), reason=reason)) from error


def _lingers() -> bool:
    """Whether the user's services run while he is not logged in. In doubt they do not."""
    import getpass

    with suppress(OSError):
        return os.path.exists(f"/var/lib/systemd/linger/{getpass.getuser()}")
    return False
