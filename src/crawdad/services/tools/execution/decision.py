"""Whether a program may run: decided on the file that will run, its arguments, directory and environment. Pure."""

from __future__ import annotations

import os.path
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crawdad.core.parts import JsonObject
from crawdad.core.programs import Confinement, Executable, FileMark
from crawdad.core.tool_settings import AllowedProgram, Ask, ExecSettings, Security
from crawdad.services.tools.execution.environment import are_harmless
from crawdad.services.tools.execution.safe_bins import is_safe_call

Verdict = Literal["run", "ask", "refuse"]
_SECURITY: tuple[Security, ...] = ("deny", "allowlist", "full")
_ASK: tuple[Ask, ...] = ("off", "on-miss", "always")
_VERSION = re.compile(r"[-.]?\d[\d.]*$")
_RUN_OTHERS = frozenset(
    (
        *("sh", "bash", "dash", "zsh", "fish", "ksh", "mksh", "csh", "tcsh", "busybox", "toybox", "python", "pypy"),
        *("perl", "ruby", "node", "nodejs", "deno", "bun", "lua", "luajit", "php", "tclsh", "expect", "awk", "gawk"),
        *("mawk", "nawk", "sed", "ed", "ex", "vi", "vim", "nvim", "emacs", "nano", "less", "more", "man", "env"),
        *("xargs", "find", "fd", "parallel", "tar", "zip", "rsync", "scp", "ssh", "sftp", "git", "hg", "svn", "make"),
        *("cmake", "ninja", "gdb", "lldb", "strace", "ltrace", "watch", "timeout", "nice", "nohup", "setsid"),
        *("stdbuf", "time", "sudo", "su", "doas", "pkexec", "chroot", "unshare", "nsenter", "bwrap", "docker"),
        *("podman", "nerdctl", "kubectl", "systemd-run", "at", "batch", "crontab", "screen", "tmux", "script", "dd"),
        *("socat", "nc", "ncat", "curl", "wget", "npm", "npx", "pnpm", "yarn", "pip", "pipx", "uv", "uvx", "cargo"),
        *("go", "java", "jshell", "groovy", "osascript", "open", "xdg-open", "gcc", "cc", "clang", "ld", "sqlite"),
        *("psql", "mysql", "nmap", "flock", "ionice", "taskset", "runuser", "start-stop-daemon"),
    )
)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a call would do. `shell_text`: a shell is wanted, for exactly this. `from_outside`: those of the program and of
    the files given to it whose content came from outside; `reaching`: those that hold words of programs which fetch things."""

    executable: Executable
    arguments: tuple[str, ...]
    cwd: str
    asked: Mapping[str, str]
    operands: tuple[FileMark, ...]
    confinement: Confinement
    stdin: str = ""
    shell_text: str | None = None
    elevated: bool = False
    from_outside: tuple[str, ...] = ()
    reaching: tuple[str, ...] = ()

    @property
    def argv(self) -> list[str]:
        """What runs, in words."""
        return [self.executable.path, *self.arguments]

    @property
    def binding(self) -> JsonObject:
        """What an approval of this is bound to: the file and what is in it, the words, the directory, the variables, what is
        given to it, what the named files hold, and how it is kept apart."""
        return {
            **self.lasting,
            "cwd": self.cwd,
            "stdin": self.stdin,
            "operands": {mark.path: mark.sha256 for mark in self.operands},
        }

    @property
    def lasting(self) -> JsonObject:
        """What an approval for good is about: the same words by the same file, in any directory. Of programs that run what
        they are given, that must be the same, too."""
        runs_others = runs_other_programs(self.executable)
        return {
            "path": self.executable.mark.path,
            "sha256": self.executable.mark.sha256,
            "argv": self.argv,
            "env": dict(sorted(self.asked.items())),
            "operands": {mark.path: mark.sha256 for mark in self.operands} if runs_others else {},
            "stdin": self.stdin if runs_others else "",
            "cwd": self.cwd if runs_others else "",
            "confinement": [self.confinement.level, self.confinement.access, self.confinement.network],
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """`reason` is a word of the catalogue, below `exec.because.`. `remembered`: an approval for good counts."""

    verdict: Verdict
    reason: str
    remembered: bool = True


def runs_other_programs(executable: Executable) -> bool:
    """Whether a program can be told to run something else: an interpreter, `find -exec`, `tar --checkpoint-action`. By both of
    its names: as it is called, and that of the file behind it."""
    names = {os.path.basename(executable.path), os.path.basename(executable.mark.path)}
    return executable.is_script or any(_VERSION.sub("", name.lower()) in _RUN_OTHERS for name in names)


def tightened(settings: ExecSettings, security: Security | None, ask: Ask | None) -> tuple[Security, Ask]:
    """What a call asks for can only be stricter than the settings."""
    least = min(_SECURITY.index(settings.security), _SECURITY.index(security or settings.security))
    most = max(_ASK.index(settings.ask), _ASK.index(ask or settings.ask))
    return _SECURITY[least], _ASK[most]


def runs_outside_code(plan: Plan) -> bool:
    """Whether content from outside is what would run: the program itself, or what one that runs others is given."""
    own = plan.executable.mark.path in plan.from_outside
    return own or (bool(plan.from_outside) and runs_other_programs(plan.executable))


def judge(
    plan: Plan, settings: ExecSettings, security: Security, ask: Ask, *, untrusted: bool, exposed: bool = False
) -> Judgement:
    """What becomes of a call. `untrusted`: content from outside has come into the turn. `exposed`: such content of an earlier
    turn is in view, and nobody typed this very command; then nothing runs unasked but what the operator listed, or allowed for
    good, and what can harm nothing but the workspace."""
    if security == "deny":
        return Judgement("refuse", "denied")
    if plan.shell_text is not None and security != "full":
        return Judgement("refuse", "shell")
    safe = is_harmless(plan, settings)
    if untrusted and settings.untrusted != "allow" and not safe:
        return Judgement("refuse" if settings.untrusted == "deny" else "ask", "untrusted", remembered=False)
    open_to_others = settings.untrusted != "allow" and not plan.confinement.sealed
    if open_to_others and runs_outside_code(plan):
        return Judgement("refuse" if settings.untrusted == "deny" else "ask", "outside_code")
    if ask == "always" or plan.elevated:
        return Judgement("ask", "always", remembered=False)
    listed = safe or is_listed(plan, settings.allowlist)
    if listed:
        return Judgement("run", "listed")
    if exposed and open_to_others:
        return Judgement("refuse" if settings.untrusted == "deny" or ask == "off" else "ask", "exposed")
    if security == "full" and plan.shell_text is None and are_harmless(plan.asked):
        return Judgement("run", "full")
    return Judgement("refuse" if ask == "off" and plan.shell_text is None else "ask", "unlisted")


def is_harmless(plan: Plan, settings: ExecSettings) -> bool:
    """Whether this is a filter of the system that touches its input and output alone."""
    name = os.path.basename(plan.executable.path)
    if plan.shell_text is not None or name not in settings.safe_bins or not are_harmless(plan.asked):
        return False
    folder = os.path.dirname(plan.executable.mark.path)
    ours = any(os.path.normpath(trusted) == folder for trusted in settings.safe_bin_trusted_dirs)
    if not plan.executable.trusted and not ours:
        return False
    return is_safe_call(name, plan.arguments, settings.safe_bin_profiles.get(name))


def is_listed(plan: Plan, allowlist: Sequence[AllowedProgram]) -> bool:
    """Whether the operator listed this call."""
    return are_harmless(plan.asked) and any(_fits(plan, entry) for entry in allowlist)


def _fits(plan: Plan, entry: AllowedProgram) -> bool:
    executable = plan.executable
    if entry.sha256 is not None and entry.sha256 != executable.mark.sha256:
        return False
    if os.path.isabs(entry.program):
        if os.path.normpath(entry.program) not in (executable.path, executable.mark.path):
            return False
    elif entry.program != os.path.basename(executable.path) or not executable.trusted:
        return False  # a bare name means the system's own program, never one that lies about
    wanted = entry.arguments
    is_open = bool(wanted) and wanted[-1] == "..."
    if (is_open or "*" in wanted) and runs_other_programs(executable):
        return False  # what follows could be anything: it must be listed word for word
    head = wanted[:-1] if is_open else wanted
    given = plan.arguments
    if len(given) < len(head) or (not is_open and len(given) != len(head)):
        return False
    return all(
        word == part or (part == "*" and not word.startswith("-")) for part, word in zip(head, given, strict=False)
    )
