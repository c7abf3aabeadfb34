"""A unit of systemd: of the user's own instance, or of the system's."""

from __future__ import annotations

import os
from pathlib import Path

from crawdad.app.service.wish import EDITION, MARK, Wish

_STATE = Path("/var/lib")
_STARTING = "15min"
_FIRST_FREE_PORT = 1024

_EVERYWHERE = """\
UMask=0077
LimitCORE=0
"""
_FILTERS = ("LockPersonality", "RestrictRealtime")
_SYSTEM_FILTERS = ("ProtectKernelModules",)
"""Each of these is a filter of system calls, which a process that is not root's can only have if it gains no privileges:
systemd sees to that without a word, whatever NoNewPrivileges says."""
_OF_THE_SYSTEM = """\
# The system's own files cannot be written. Everything else can, for workspaces may lie anywhere: who keeps them in the
# home directory of the service alone can have ProtectSystem=strict and ProtectHome=yes by 'systemctl edit'.
ProtectSystem=full
PrivateTmp=yes
# Left out because programs of agents would break: RestrictNamespaces, ProtectKernelTunables, ProtectProc and
# SystemCallFilter (bubblewrap and containers), MemoryDenyWriteExecute (Node.js), PrivateDevices (terminals of programs
# in containers).
"""


class Systemd:
    """What is written for systemd, and what is run."""

    name = "systemd"

    def file(self, wish: Wish) -> Path:
        """Where the unit lies."""
        if wish.system:
            return Path("/etc/systemd/system", self._unit(wish))
        environment = wish.launch.environment
        configuration = environment.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        return Path(configuration, "systemd", "user", self._unit(wish))

    def text(self, wish: Wish) -> str:
        """The unit."""
        lines = [
            f"# Made by '{MARK}', edition {EDITION}. Change it by 'systemctl edit': this file may be written anew.",
            "[Unit]",
            "Description=Crawdad, a gateway for AI agents and models",
            *(["After=network-online.target", "Wants=network-online.target"] if wish.system else []),
            # Five starts in five minutes that did not get as far as serving: somebody has to look.
            "StartLimitIntervalSec=300",
            "StartLimitBurst=5",
            "",
            "[Service]",
            "# READY=1 comes when it serves. A first start of a new version may bring a large database up to date.",
            "Type=notify",
            "NotifyAccess=main",
            f"ExecStart={' '.join(quoted(word) for word in wish.command)}",
            "ExecReload=/bin/kill -HUP $MAINPID",
            f"TimeoutStartSec={_STARTING}",
            "# The supervisor watches over the application, systemd over the supervisor.",
            "WatchdogSec=60",
            "Restart=always",
            "RestartSec=5",
            "# 2: wrong command line, 7: another one works in this home directory. Starting again does not help.",
            "RestartPreventExitStatus=2 7",
            "# First the supervisor alone is asked to stop, which lets what runs finish (gateway.drainSeconds).",
            "KillMode=mixed",
            f"TimeoutStopSec={wish.stop_seconds}",
            "# A program of an agent that the kernel ends for its memory does not take the gateway with it.",
            "OOMPolicy=continue",
            "LimitNOFILE=65536",
            *self._surroundings(wish),
            _EVERYWHERE.rstrip(),
            *self._privileges(wish),
            *(
                [_OF_THE_SYSTEM.rstrip(), f"ReadWritePaths={quoted(f'-{wish.launch.home}', dollar='$')}"]
                if wish.system
                else []
            ),
            "",
            "[Install]",
            f"WantedBy={'multi-user.target' if wish.system else 'default.target'}",
        ]
        return "\n".join(lines) + "\n"

    def install(self, wish: Wish, *, start: bool) -> list[list[str]]:
        """To be run when the unit lies there."""
        enable = [*self._systemctl(wish), "enable", self._unit(wish)]
        restart = [*self._systemctl(wish), "restart", self._unit(wish)]
        return [[*self._systemctl(wish), "daemon-reload"], enable, *([restart] if start else [])]

    def uninstall(self, wish: Wish) -> tuple[list[list[str]], list[list[str]]]:
        """Before the unit is removed, and after."""
        disable = [*self._systemctl(wish), "disable", "--now", self._unit(wish)]
        return [disable], [[*self._systemctl(wish), "daemon-reload"]]

    def status(self, wish: Wish) -> list[str]:
        """Exit code 0 when it runs."""
        return [*self._systemctl(wish), "status", "--no-pager", "--lines=0", self._unit(wish)]

    def logs(self, wish: Wish, lines: int, *, follow: bool) -> list[str]:
        """The journal of the unit."""
        which = "--unit" if wish.system else "--user-unit"
        return [
            "journalctl",
            which,
            self._unit(wish),
            f"--lines={lines}",
            *(["--follow"] if follow else ["--no-pager"]),
        ]

    def _unit(self, wish: Wish) -> str:
        return f"{wish.name}.service"

    def _systemctl(self, wish: Wish) -> list[str]:
        return ["systemctl"] if wish.system else ["systemctl", "--user"]

    def _surroundings(self, wish: Wish) -> list[str]:
        lines = [f"User={wish.user}"] if wish.user else []
        if wish.system and wish.launch.home.parent == _STATE:
            lines += [f"StateDirectory={wish.launch.home.name}", "StateDirectoryMode=0700"]
        variables = {**({"PATH": wish.path} if wish.path else {}), **wish.carried}
        return [*lines, *(f"Environment={quoted(f'{key}={value}', dollar='$')}" for key, value in variables.items())]

    def _privileges(self, wish: Wish) -> list[str]:
        lines: list[str] = []
        if not wish.new_privileges:
            filters = (*_FILTERS, *(_SYSTEM_FILTERS if wish.system else ()))
            lines.append("# 'sudo' and rootless Podman in agents' programs need --new-privileges.")
            lines += [f"{name}=yes" for name in ("NoNewPrivileges", *filters)]
        if not wish.system:
            return lines
        port = wish.carried.get("CRAWDAD_PORT", "")
        low = port.isdigit() and 0 < int(port) < _FIRST_FREE_PORT
        if low:
            lines.append("AmbientCapabilities=CAP_NET_BIND_SERVICE")
        if not wish.new_privileges:
            lines.append(f"CapabilityBoundingSet={'CAP_NET_BIND_SERVICE' if low else ''}")
        return lines


def quoted(word: str, *, dollar: str = "$$") -> str:
    """`word` as one word of a unit, in which `%`, `$`, quotes and backslashes mean themselves. Where no variables are filled in
    (anywhere but in commands) a `dollar` is one."""
    escaped = (
        word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", dollar).replace("\n", "\\n")
    )
    plain = escaped == word and word and not any(character in word for character in " \t';#")
    return word if plain else f'"{escaped}"'
