"""Checks of what runs: applications whose supervisor has gone, programs that outlived their gateway, the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawdad.app.doctor.finding import Finding, Patient, Repair, good, warn
from crawdad.app.record import holder
from crawdad.app.words import words

if TYPE_CHECKING:
    import psutil

_SUPERVISORS = ("crawdad.app.supervisor", "crawdad.app.main")
_STOP_SECONDS = 5.0
_SHOWN = 5


async def orphans(patient: Patient) -> list[Finding]:
    """No application of this home directory runs without its supervisor, and with no gateway no program of an agent does.

    Applications are known by their command line, and are ended by `--fix`. Programs are known by the folder they work in alone:
    somebody may have started them himself, so that they are only told."""
    mine = _mine()
    home = str(patient.launch.home)
    applications = [one for one in mine if _is_application(one, home) and not _has_supervisor(one)]
    findings = []
    if applications:
        pids = ", ".join(str(one.pid) for one in applications)
        repair = Repair(words("doctor.do.end", pids=pids), lambda: _end(applications))
        findings.append(warn("processes", "orphan_application", pids=pids)._replace(repair=repair))
    if holder(patient.launch.home) is None and not applications:
        left = [one for one in mine if _is_left(one, home)]
        if left:
            names = ", ".join(f"{one.info['name']} ({one.pid})" for one in left[:_SHOWN])
            findings.append(warn("processes", "orphan_programs", names=names))
    return findings or [good("processes", "processes_ok")]


async def service(patient: Patient) -> list[Finding]:
    """A service that was installed here is what this version would install, and what it starts is there."""
    from crawdad.app.service import usual
    from crawdad.app.service.wish import EDITION, edition_of, wish_for

    findings = []
    for system in (False, True):
        wish = wish_for(patient.launch, name="crawdad", system=system, user="crawdad", new_privileges=False)
        file = usual().file(wish)
        try:
            text = file.read_text(encoding="utf-8")
        except OSError:
            continue
        edition = edition_of(text)
        if edition is None:
            continue
        option = " --system" if system else ""
        if edition < EDITION:
            findings.append(warn("service", "service_old", file=file, option=option))
        elif wish.python not in text:
            findings.append(warn("service", "service_other", file=file, python=wish.python, option=option))
        else:
            findings.append(good("service", "service_ok", file=file))
    return findings


def _mine() -> list[psutil.Process]:
    import psutil

    own = psutil.Process().uids().real
    wanted = ("name", "cmdline", "ppid", "uids", "cwd")
    return [one for one in psutil.process_iter(wanted) if one.info["uids"] and one.info["uids"].real == own]


def _is_application(process: psutil.Process, home: str) -> bool:
    arguments = process.info["cmdline"] or []
    if "crawdad.app.server" not in arguments or "--home" not in arguments[:-1]:
        return False
    return bool(arguments[arguments.index("--home") + 1] == home)


def _has_supervisor(process: psutil.Process) -> bool:
    import psutil

    try:
        parent = process.parent()
        return parent is not None and any(name in parent.cmdline() for name in _SUPERVISORS)
    except psutil.Error:
        return False


def _is_left(process: psutil.Process, home: str) -> bool:
    folder = process.info["cwd"] or ""
    return process.info["ppid"] == 1 and (folder == home or folder.startswith(f"{home}/"))


async def _end(processes: list[psutil.Process]) -> list[str]:
    """Ask them to end, and end what does not. Their process groups are what they started."""
    import asyncio
    import os
    import signal
    from contextlib import suppress

    import psutil

    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    _, stubborn = await asyncio.to_thread(psutil.wait_procs, processes, _STOP_SECONDS)
    for process in stubborn:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    return [words("doctor.did.ended", pid=process.pid) for process in processes]
