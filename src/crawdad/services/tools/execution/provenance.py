"""Whether what a program prints and writes may come from outside: decided on what runs and on what it can reach. Pure.

A program without a network prints nothing but what it was given. With one, what counts is whether it is made to fetch
things, or is told an address, or is a script (or a program of the agent's own) that holds the words which such ones are
written with. That is a look, no proof: what hides what it does is told apart by a sandbox without a network alone.
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


FETCHING_CODE = "|".join(
    (
        r"(?m:^\s*(?:from|import)\s+[\w., ]*\b(?:urllib\d?|requests|httpx|aiohttp|http\.client|httplib2?|socket|websockets?"
        r"|ftplib|imaplib|poplib|smtplib|paramiko|feedparser|pycurl|selenium|playwright|telnetlib|xmlrpc|boto3)\b)",
        r"\bimport\s*\(?\s*[\"'](?:node:)?(?:https?|net|tls|dgram|axios|undici|node-fetch|got|ws|net/http)[\"']",
        r"\bfrom\s+[\"'](?:node:)?(?:https?|net|tls|dgram|axios|undici|node-fetch|got|ws|playwright|puppeteer)[\"']",
        r"\brequire\s*\(?\s*[\"'](?:node:)?(?:https?|net|tls|dgram|axios|undici|node-fetch|got|ws|open-uri|net/http|socket)[\"']",
        r"\bfetch\s*\(|\bXMLHttpRequest\b|\b__import__\s*\(\s*[\"'](?:urllib|requests|socket|http)",
        r"\b(?:use|require)\s+(?:LWP|HTTP::|IO::Socket|Net::|WWW::)|\bfile_get_contents\s*\(\s*[\"']https?:|\bcurl_init\b",
        r"/dev/(?:tcp|udp)/|\bInvoke-(?:WebRequest|RestMethod)\b|\bgetaddrinfo\b|\bgethostbyname\b",
        r"(?m:(?:^|[;&|(`]|\$\(|\bthen\b|\bdo\b|\bsudo\b)\s*(?:curl|wget|ssh|scp|sftp|rsync|nc|ncat|lynx|gh|aws|yt-dlp)\s)",
        r"\bgit\s+(?:clone|fetch|pull)\b|\b(?:pip3?|npm|pnpm|yarn|cargo|gem)\s+(?:install|add|ci)\b",
    )
)
"""What stands in scripts that fetch things: a regular expression for text and for bytes alike."""
_FETCHING_CODE = re.compile(FETCHING_CODE)


def brings_outside(plan: Plan) -> bool:
    """Whether what comes of a call counts as content from outside."""
    if plan.from_outside:
        return True
    if plan.confinement.sealed:
        return False
    if plan.reaching or any(
        _FETCHING_CODE.search(text) for text in (*plan.arguments, plan.stdin, plan.shell_text or "")
    ):
        return True
    words = [*plan.argv, *(plan.shell_text or "").split()]
    names = {os.path.basename(word.strip("();&|")) for word in words}
    names |= {_VERSION.sub("", name) for name in names}
    if names & _FETCHERS or any(_ADDRESS.search(word) for word in (*words, plan.stdin)):
        return True
    return any(told & names for name, told in _FETCHING.items() if name in names)
