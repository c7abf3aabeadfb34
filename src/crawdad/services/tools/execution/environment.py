"""The environment of programs that agents run: made from nothing, so that no secret of this process is in it. Pure."""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_PASSED = (
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TERM",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
DEFAULT_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
HARMLESS = frozenset(
    (
        *("LANG", "LANGUAGE", "TZ", "TERM", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLUMNS", "LINES", "CI"),
        *("DEBIAN_FRONTEND", "PYTHONUNBUFFERED"),
    )
)
_NEVER = ("LD_", "DYLD_", "CRAWDAD_", "OPENCLAW_", "GLIBC_TUNABLES", "GCONV_PATH", "BASH_FUNC_")
_NEVER_EXACTLY = frozenset(
    (*("PATH", "BASH_ENV", "ENV", "IFS", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND", "HOME"),)
)
_MOST = 64
_LONGEST_VALUE = 32_768


def asked_variables(asked: Mapping[str, str]) -> dict[str, str]:
    """What a call wants in the environment. Raises BAD_REQUEST for what no program may be given: what makes the loader or the
    shell run something else, what is this gateway's own."""
    if len(asked) > _MOST:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("exec.too_many_variables", {"most": _MOST}), {"param": "env"})
    for name, value in asked.items():
        is_name = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
        if not is_name or "\0" in value or len(value) > _LONGEST_VALUE:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("exec.bad_variable", {"name": name[:100]}), {"param": "env"})
        upper = name.upper()
        if upper in _NEVER_EXACTLY or upper.startswith(_NEVER):
            raise GatewayError(ErrorKind.FORBIDDEN, Text("exec.variable_refused", {"name": name}), {"param": "env"})
    return dict(asked)


def are_harmless(asked: Mapping[str, str]) -> bool:
    """Whether none of these makes a program do something else than it would without them."""
    return all(name in HARMLESS or name.startswith("LC_") for name in asked)


def search_folders(ours: Mapping[str, str], prepended: Sequence[str], workspace: str) -> tuple[str, ...]:
    """Where programs are looked for: absolute folders outside the workspace. A folder that an agent can write to would let it
    choose what a name means."""
    listed = [*prepended, *ours.get("PATH", "").split(os.pathsep), *DEFAULT_PATH]
    folders = [os.path.normpath(folder) for folder in listed if os.path.isabs(folder)]
    inside = workspace.rstrip("/") + "/"
    return tuple(dict.fromkeys(folder for folder in folders if not f"{folder}/".startswith(inside)))


def environment_for(
    ours: Mapping[str, str], asked: Mapping[str, str], search: Sequence[str], workspace: str
) -> dict[str, str]:
    """The whole environment. The home directory is the workspace: programs find no configuration, and no keys, of ours."""
    passed = {name: ours[name] for name in _PASSED if name in ours}
    own = {"PATH": os.pathsep.join(search), "HOME": workspace, "PWD": workspace, "GIT_TERMINAL_PROMPT": "0"}
    return {"LANG": "C.UTF-8", "TERM": "dumb", **passed, "PAGER": "cat", "GIT_PAGER": "cat", **own, **asked}
