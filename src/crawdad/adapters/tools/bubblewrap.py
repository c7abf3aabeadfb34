"""The command line of bubblewrap: a read-only system, a workspace or what a plugin asked for, nothing else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crawdad.core.plugins import PluginRoom
from crawdad.core.programs import ProgramOrder

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt")
_SETTINGS = (
    *("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"),
    *("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ssl/certs", "/etc/ca-certificates"),
)
_KERNEL = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs")
"""Settings of the kernel. Root may write to some of them even where it has no capabilities left, and a few (core_pattern) make
the kernel run programs outside."""
_NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/services", "/etc/protocols")


def bubblewrap_argv(
    program: str, order: ProgramOrder, words: Sequence[str], exists: Callable[[str], bool]
) -> list[str]:
    """`program` is bwrap itself, `words` what runs in it. No directory comes from the settings: only the workspace is bound.

    The home of this gateway, sockets of other services, other people's files and the processes of this machine are not
    there.
    """
    kept = order.confinement
    argv = _ground(program, kept.network, order.terminal, exists)
    workspace = order.workspace
    if kept.access == "none":
        argv += ["--tmpfs", workspace, "--dir", order.cwd]
    else:
        argv += ["--bind" if kept.access == "rw" else "--ro-bind", workspace, workspace]
    argv += ["--chdir", order.cwd]
    if not order.secrets:  # else they are all of its own environment: everybody may read what stands in a command line
        argv.append("--clearenv")
    for name, value in order.variables.items():
        argv += ["--setenv", name, value]
    return [*argv, "--", *words]


def room_argv(program: str, room: PluginRoom, words: Sequence[str], exists: Callable[[str], bool]) -> list[str]:
    """The same for a plugin in a process apart. Its environment, of which it has hardly any, goes in as it is."""
    argv = _ground(program, room.network, False, exists)
    for path in room.readable:
        argv += ["--ro-bind-try", path, path]
    for path in room.writable:
        argv += ["--bind-try", path, path]
    return [*argv, "--chdir", room.directory, "--", *words]


def _ground(program: str, network: bool, terminal: bool, exists: Callable[[str], bool]) -> list[str]:
    """The system without anything of anybody's."""
    argv = [program, "--die-with-parent", "--unshare-user-try", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    argv += ["--unshare-cgroup-try", "--hostname", "sandbox", "--cap-drop", "ALL"]
    if not terminal:
        argv.append("--new-session")  # no pushing of characters into our terminal
    if not network:
        argv.append("--unshare-net")
    for folder in _SYSTEM:
        if exists(folder):
            argv += ["--ro-bind", folder, folder]
    for path in (*_SETTINGS, *(_NETWORK if network else ())):
        if exists(path):
            argv += ["--ro-bind-try", path, path]
    argv += ["--proc", "/proc"]
    for path in _KERNEL:
        if exists(path):
            argv += ["--ro-bind", path, path]
    return [*argv, "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run"]
