"""`crawdad accounts login`: signing in with the operator's own OAuth client, also on a machine without a screen."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from crawdad.app import exits
from crawdad.app.commands.group import command
from crawdad.app.commands.server_client import Server, server_token, server_url
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Toned, clean
from crawdad.app.words import words

_ANSWER_SECONDS = 90.0
_LOOK_SECONDS = 1.0
_ROUTES = "/api/accounts/oauth"


def add_login(app: typer.Typer) -> None:
    """Add the command to the group of accounts."""

    @command(app, "cli.accounts.login", "login")
    def login(  # noqa: PLR0913  (each parameter is an option)
        context: typer.Context,
        provider: Annotated[Literal["google"], typer.Argument(help=words("cli.accounts.login.provider"))] = "google",
        device: Annotated[bool, typer.Option("--device", help=words("cli.accounts.login.device"))] = False,
        paste: Annotated[bool, typer.Option("--paste", help=words("cli.accounts.login.paste"))] = False,
        project: Annotated[str | None, typer.Option(help=words("cli.accounts.login.project"))] = None,
        location: Annotated[str | None, typer.Option(help=words("cli.accounts.login.location"))] = None,
        url: Annotated[str | None, typer.Option(help=words("cli.option.url"))] = None,
        token: Annotated[str | None, typer.Option(help=words("cli.option.token"))] = None,
    ) -> int:
        if device and paste:
            raise CommandFailed(words("cli.accounts.login.one_way"), exits.USAGE)
        invocation: Invocation = context.obj
        launch = invocation.launch
        server = Server(url or server_url(launch), token or server_token(launch), _ANSWER_SECONDS)
        wish = {name: value for name, value in (("project", project), ("location", location)) if value}
        flow = _call(server, "POST", f"{_ROUTES}/{'device' if device else 'start'}", wish)
        try:
            account = _pasted(server, flow) if paste else _awaited(server, flow, device)
        except (KeyboardInterrupt, EOFError):
            _call(server, "POST", f"{_ROUTES}/cancel", {"state": flow["state"]})
            raise KeyboardInterrupt from None
        invocation.output.show(account, Toned(words("cli.accounts.login.done", label=account["email"]), "green"))
        return exits.OK


def _pasted(server: Server, flow: dict[str, Any]) -> dict[str, Any]:
    """The account, once the address that the browser was sent to has been pasted."""
    _say(words("cli.accounts.login.open", url=flow["url"]))
    _say(words("cli.accounts.login.then_paste"))
    pasted = sys.stdin.readline()
    if not pasted.strip():
        raise EOFError
    answer = _call(server, "POST", f"{_ROUTES}/submit-code", {"code": pasted.strip(), "state": flow["state"]})
    return dict(answer["account"])


def _awaited(server: Server, flow: dict[str, Any], device: bool) -> dict[str, Any]:
    """The account, once somebody has consented."""
    if device:
        _say(words("cli.accounts.login.enter", url=flow["verification_url"], code=flow["user_code"]))
    else:
        _say(words("cli.accounts.login.open", url=flow["url"]))
        _open_browser(flow["url"])
    _say(words("cli.accounts.login.waiting"))
    while True:
        time.sleep(_LOOK_SECONDS)
        found = _call(server, "GET", f"{_ROUTES}/status?state={quote(flow['state'])}")
        if found["status"] == "complete":
            return dict(found["account"])
        if found["status"] not in ("pending", "working"):
            raise CommandFailed(str(found["error"]), status=found["status"])


def _open_browser(url: str) -> None:
    """Open the page where there is a screen to show it on."""
    if sys.stderr.isatty() and (sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY")):
        import webbrowser

        webbrowser.open(url)


def _say(text: str) -> None:
    """Words for the person: never part of the command's result."""
    print(clean(text), file=sys.stderr, flush=True)


def _call(server: Server, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """The server's answer. Raises `CommandFailed` with its words where it refuses."""
    with server.request(method, path, body) as answer:
        content = answer.read()
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if answer.status >= 300 or not isinstance(document, dict):
        message = document.get("error") if isinstance(document, dict) else None
        raise CommandFailed(str(message or f"HTTP {answer.status}"), status=answer.status)
    return document
