"""HTTP to the running server, from the command line: where it is, and one request at a time."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.greeting import base_url
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.launch import Launch
from crawdad.app.record import read_state
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.core.settings import Settings

_HTTP = re.compile(r"^ws(s?)://")
"""How the control channel is spelled; it is on the same port."""
_HOSTS = {"loopback": "127.0.0.1", "lan": "127.0.0.1"}


def server_url(launch: Launch) -> str:
    """CRAWDAD_URL, else where the server of this home directory listens, or, when none runs, where it would."""
    if url := launch.environment.get("CRAWDAD_URL"):
        return url.rstrip("/")
    state = read_state(launch.home)
    if state and state.get("addresses"):
        return base_url([(host, port) for host, port in state["addresses"]])
    gateway = _settings(launch).gateway
    return base_url([(_HOSTS.get(gateway.bind, gateway.bind), gateway.port)])


def server_token(launch: Launch) -> str:
    """The token to speak to it with: CRAWDAD_TOKEN or the configured one; the one made at first start is not kept. The
    configured one is for this installation alone, not for the server at CRAWDAD_URL."""
    if token := launch.environment.get("CRAWDAD_TOKEN"):
        return token
    if launch.environment.get("CRAWDAD_URL"):
        raise CommandFailed(words("cli.no_token"), exits.DENIED)
    auth = _settings(launch).gateway.auth
    if auth.token is not None:
        return auth.token.reveal()
    if auth.mode == "none":
        return ""
    raise CommandFailed(words("cli.no_token"), exits.DENIED)


def token_for(invocation: Invocation) -> str:
    """The token for the named gateway, or for that of this installation. A named gateway is told a token that was named with
    it alone. Raises `CommandFailed` where there is none."""
    if token := invocation.token or invocation.launch.environment.get("CRAWDAD_TOKEN", ""):
        return token
    if invocation.url:
        raise CommandFailed(words("cli.no_token"), exits.DENIED)
    return server_token(invocation.launch)


def _settings(launch: Launch) -> Settings:
    import asyncio

    return asyncio.run(backends.settings(launch))


class Server:
    """The server at `url`. Raises `CommandFailed` when it cannot be reached or does not accept the token."""

    def __init__(self, url: str, token: str = "", timeout: float = 10.0) -> None:
        self.url = _HTTP.sub(r"http\1://", url)
        self._token = token
        self._timeout = timeout

    def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON body (None when it is not JSON) of `GET path`."""
        with self.request("GET", path) as answer:
            return answer.status, _json(answer.read())

    @contextmanager
    def request(
        self, method: str, path: str, body: Any = None, more: Mapping[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer to one request, its body yet to be read. `more` are headers."""
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self._timeout)
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        content = None if body is None else json.dumps(body)
        try:
            connection.request(
                method, parts.path + path, content, {"Content-Type": "application/json", **headers, **(more or {})}
            )
            answer = connection.getresponse()
            if answer.status in (401, 403):
                raise CommandFailed(words("cli.denied", url=self.url), exits.DENIED, url=self.url)
            yield answer
        except (OSError, http.client.HTTPException) as error:
            text = words("cli.unreachable", url=self.url, reason=str(error) or type(error).__name__)
            raise CommandFailed(text, exits.UNREACHABLE, url=self.url) from error
        finally:
            connection.close()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
