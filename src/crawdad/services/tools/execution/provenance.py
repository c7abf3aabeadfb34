"""Whether what a program prints and writes may come from outside: decided on what runs and on what it can reach. Pure.

A program without a network prints nothing but what it was given. With one, what counts is whether it is made to fetch things,
or is told an address. A script that fetches on its own accord cannot be told from others: a sandbox without a network can.
"""

from __future__ import annotations

import os.path
import re

from crawdad.services.tools.execution.decision import Plan

_FETCHERS = frozenset(
    (
        *("curl", "wget", "wget2", "aria2c", "axel", "http", "https", "httpie", "xh", "lynx", "w3m", "links", "elinks"),
        *(
            "gh",
            "glab",
            "ssh",
            "scp",
            "sftp",
            "rsync",
            "rclone",
            "ftp",
            "lftp",
            "telnet",
            "nc",
            "ncat",
            "netcat",
            "socat",
        ),
        *(
            "openssl",
            "dig",
            "nslookup",
            "host",
            "whois",
            "ping",
            "traceroute",
            "aws",
            "gcloud",
            "az",
            "kubectl",
            "s3cmd",
        ),
        *("docker", "podman", "nerdctl", "psql", "mysql", "redis-cli", "mongosh", "yt-dlp", "youtube-dl", "npx", "uvx"),
        *("pipx", "apt", "apt-get", "dnf", "yum", "apk", "brew", "snap", "flatpak"),
    )
)
"""What is there to bring things in."""
_FETCHING: dict[str, frozenset[str]] = {
    "git": frozenset(("clone", "fetch", "pull", "push", "ls-remote", "submodule", "remote", "archive", "svn", "lfs")),
    "hg": frozenset(("clone", "pull", "incoming", "identify")),
    "svn": frozenset(("checkout", "co", "update", "up", "export", "cat", "log", "info", "ls", "list")),
    **dict.fromkeys(
        ("pip", "pip3", "uv"), frozenset(("install", "download", "search", "index", "sync", "add", "wheel"))
    ),
    **dict.fromkeys(
        ("npm", "pnpm", "yarn", "bun"),
        frozenset(
            ("install", "i", "ci", "add", "update", "view", "info", "show", "search", "exec", "dlx", "audit", "pack")
        ),
    ),
    "cargo": frozenset(("install", "fetch", "search", "update", "add", "info")),
    "go": frozenset(("get", "install", "mod")),
    "gem": frozenset(("install", "fetch", "search", "update")),
    "composer": frozenset(("install", "update", "require", "show", "search")),
}
"""What brings things in when it is told to, and the words that tell it."""
_ADDRESS = re.compile(
    r"[a-zA-Z][a-zA-Z0-9+.-]{1,20}://(?!localhost\b|127\.|\[::1\])|^[\w.-]+@[\w.-]+:|^//[\w.-]+\.[a-z]"
)
_VERSION = re.compile(r"[-.]?\d[\d.]*$")


def brings_outside(plan: Plan) -> bool:
    """Whether what comes of a call counts as content from outside."""
    if plan.from_outside:
        return True
    if plan.confinement.sealed:
        return False
    words = [*plan.argv, *(plan.shell_text or "").split()]
    names = {os.path.basename(word.strip("();&|")) for word in words}
    names |= {_VERSION.sub("", name) for name in names}
    if names & _FETCHERS or any(_ADDRESS.search(word) for word in (*words, plan.stdin)):
        return True
    return any(told & names for name, told in _FETCHING.items() if name in names)
