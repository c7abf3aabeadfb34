"""The control channel of a gateway, from the command line: where it is, what opens it, and what its refusals mean."""

from __future__ import annotations

import ipaddress
import platform
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from crawdad import __version__
from crawdad.app import exits
from crawdad.app.commands.server_client import server_url, token_for
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import clean
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.adapters.control_client import Connection, Refused

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_NEAR = (".localhost", ".local", ".lan", ".home.arpa", ".internal", ".ts.net")


@contextmanager
def open_channel(invocation: Invocation) -> Iterator[Connection]:
    """A connection to the named gateway, or to that of this installation. Raises `CommandFailed`, also for what goes wrong
    while it is used."""
    from crawdad.adapters.control_client import ChannelLost, IdentityFiles, Refused, Unreachable, connect
    from crawdad.wire.control.client import Introduction
    from crawdad.wire.control.scopes import SCOPES

    url = channel_url(invocation.url or server_url(invocation.launch))
    files = IdentityFiles(invocation.launch.home / "identity")
    kept = files.token(url)
    token = _token(invocation, bool(kept))
    try:
        device = files.device()
    except (ValueError, KeyError, TypeError) as error:
        raise CommandFailed(words("cli.channel.bad_identity", reason=error), exits.PROBLEM) from error
    system, name = platform.system().lower() or "unknown", socket.gethostname() or "cli"
    # A token that somebody names is to be the one that counts, also where it is wrong.
    introduction = Introduction(__version__, system, name, SCOPES, token, "" if token else kept, locale=LANGUAGE)
    try:
        with connect(url, device, introduction) as connection:
            files.keep(url, connection.hello.get("auth") or {})
            yield connection
    except Unreachable as error:
        text = words("cli.unreachable", url=url, reason=clean(str(error)))
        raise CommandFailed(text, exits.UNREACHABLE, url=url) from error
    except Refused as refused:
        raise refusal(refused, url) from refused
    except ChannelLost as lost:
        raise CommandFailed(words("cli.channel.lost", url=url, reason=clean(str(lost))), exits.UNREACHABLE) from lost


def channel_url(url: str) -> str:
    """The address of the control channel for a gateway's address, in whichever spelling. Raises `CommandFailed`, also where
    a secret would go over an open network in the clear."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        scheme, host, port = _SCHEMES.get(parts.scheme), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = None, None, None
    if scheme is None or not host or parts.username or parts.password:
        raise CommandFailed(words("cli.channel.bad_url", url=clean(url)), exits.USAGE)
    if scheme == "ws" and not is_near(host):
        raise CommandFailed(words("cli.channel.in_the_clear", host=host), exits.USAGE)
    name = f"[{host}]" if ":" in host else host
    return urlunsplit((scheme, f"{name}:{port}" if port else name, parts.path.rstrip("/") or "/", "", ""))


def is_near(host: str) -> bool:
    """Whether a name or address is one of this machine or of a private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(_NEAR) or "." not in host
    return address.is_loopback or address.is_private or address.is_link_local


def refusal(refused: Refused, url: str) -> CommandFailed:
    """What a refusal of the gateway means for the command."""
    code, details = refused.code, refused.error.get("details")
    details = details if isinstance(details, dict) else {}
    if code == "PAIRING_REQUIRED":
        request = clean(str(details.get("requestId") or ""))
        return CommandFailed(words("cli.channel.pairing", id=request), exits.DENIED, code=code, request_id=request)
    if code == "AUTH_RATE_LIMITED":
        return CommandFailed(words("cli.channel.locked_out"), exits.DENIED, code=code)
    if code.startswith("AUTH_"):
        return CommandFailed(words("cli.denied", url=url), exits.DENIED, code=code, url=url)
    message = clean(refused.error.get("message") or "?")
    if code == "MISSING_SCOPE" or message.startswith("missing scope"):
        return CommandFailed(words("cli.channel.may_not", reason=message), exits.DENIED, code=code)
    return CommandFailed(words("cli.channel.refused", reason=message), exits.PROBLEM, code=code)


def _token(invocation: Invocation, device_suffices: bool) -> str:
    try:
        return token_for(invocation)
    except CommandFailed:
        if device_suffices:
            return ""
        raise
