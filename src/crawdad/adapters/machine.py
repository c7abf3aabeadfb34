"""This machine and this process. The ports are `core.machine.MachineFacts` and `core.machine.ProcessFacts`."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import platform
import socket
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from crawdad.core.machine import Machine, MemoryUse, ProcessState

if TYPE_CHECKING:
    import psutil

_SAMPLE_SECONDS = 0.1
_LIMIT_SECONDS = 60.0
_DISK = os.path.abspath(os.sep)


class LocalMachine:
    """Looked at in a thread."""

    async def look(self) -> Machine:
        """How the machine is now."""
        return await asyncio.to_thread(_look)


class LocalProcess:
    """This process, looked at in a thread. `home`: where its data lie."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._process: psutil.Process | None = None
        self._limit = _Limit()

    async def process(self) -> ProcessState:
        """How it is now. The processor's share is that since the last look."""
        return await asyncio.to_thread(self._look)

    def _look(self) -> ProcessState:
        import psutil

        process = self._process = self._process or psutil.Process()
        disk = psutil.disk_usage(self._home)
        return ProcessState(
            id=process.pid,
            processor=process.cpu_percent(),
            resident=process.memory_info().rss,
            most_memory=self._limit.bytes(),
            open_files=process.num_fds() if hasattr(process, "num_fds") else 0,
            most_files=_most_files(),
            disk_free=disk.free,
            disk_total=disk.total,
        )


class LocalMemory:
    """The memory of this process. The port is `core.machine.MemoryFacts`. `own_limit`: one that somebody set, in MiB."""

    def __init__(self, own_limit: Callable[[], int | None]) -> None:
        self._own_limit = own_limit
        self._limit = _Limit()

    async def memory(self) -> MemoryUse:
        """How it is now."""
        return await asyncio.to_thread(self._look)

    def _look(self) -> MemoryUse:
        own, limit = self._own_limit(), self._limit.bytes()
        return MemoryUse(_resident(), limit if own is None else min(limit or own << 20, own << 20))


class _Limit:
    """What the kernel lets this process's group take, looked up now and then."""

    def __init__(self) -> None:
        self._bytes, self._until = 0, float("-inf")

    def bytes(self) -> int:
        """As it was lately."""
        now = time.monotonic()
        if now >= self._until:
            self._bytes, self._until = _memory_limit(), now + _LIMIT_SECONDS
        return self._bytes


def _resident() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import psutil

        return int(psutil.Process().memory_info().rss)


def _memory_limit() -> int:
    """What the kernel lets this process's group take at most, in bytes; the machine's memory where it sets no bounds."""
    import psutil

    machine = int(psutil.virtual_memory().total)
    found = [limit for path in _limit_files() if (limit := _number_in(path)) is not None]
    return min([machine, *found])


def _limit_files() -> list[str]:
    """Where control groups of either version tell their limits, that of this process and those around it."""
    files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    with contextlib.suppress(OSError), open("/proc/self/cgroup", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            number, _, rest = line.strip().partition(":")
            controllers, _, path = rest.partition(":")
            root, name = "/sys/fs/cgroup", "memory.max"
            if number != "0" and "memory" not in controllers.split(","):
                continue
            if number != "0":
                root, name = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
            steps = [step for step in path.split("/") if step and step != ".."]
            files += [os.path.join(root, *steps[: count + 1], name) for count in range(len(steps))]
    return files


def _number_in(path: str) -> int | None:
    try:
        with open(path, "rb") as file:
            return int(file.read())
    except (OSError, ValueError):  # `max`: it sets none
        return None


def _most_files() -> int:
    try:
        import resource
    except ImportError:  # another system than Unix has no such limit
        return 0
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 0 if soft == resource.RLIM_INFINITY else soft


def _look() -> Machine:
    import psutil

    memory, processors = psutil.virtual_memory(), os.cpu_count() or 1
    distribution, release = _distribution()
    return Machine(
        platform=sys.platform,
        architecture=platform.machine(),
        hostname=socket.gethostname(),
        total_memory=memory.total // 2**20,
        free_memory=memory.available // 2**20,
        processors=processors,
        processor=_processor(),
        uptime=max(0, int(time.time() - psutil.boot_time())),
        user=_user(),
        distribution=distribution,
        release=release,
        load=_load(),
        python=platform.python_version(),
        processor_usage=psutil.cpu_percent(interval=_SAMPLE_SECONDS),
        disk_path=_DISK,
        disk_usage=psutil.disk_usage(_DISK).percent,
    )


def _load() -> list[float]:
    try:
        return [round(each, 2) for each in os.getloadavg()]
    except (AttributeError, OSError):
        return []


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as containers have them
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def _distribution() -> tuple[str, str]:
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        return platform.system(), platform.release()
    return told.get("PRETTY_NAME") or told.get("NAME", ""), platform.release()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                if name.strip() in ("model name", "Hardware", "Model"):
                    return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
