"""`crawdad channels`: the channels of the running server, how they are, signing in, and what went wrong."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned, clean, moment
from crawdad.app.qr import qr_rows
from crawdad.app.words import words

app = application("channels", no_args_is_help=True)
Channel = Annotated[str, typer.Argument(help=words("cli.channels.channel"))]
AccountName = Annotated[str, typer.Option("--account", help=words("cli.channels.account"))]
_SIGN_IN_SECONDS = 150.0
_OVER = ("connected", "already", "expired", "denied", "failed", "unsupported")


@command(app, "cli.channels.list", "list")
def list_channels(context: typer.Context) -> int:
    return _show(context.obj, probe=False)


@command(app, "cli.channels.status", "status")
def status(
    context: typer.Context, probe: Annotated[bool, typer.Option("--probe", help=words("cli.channels.probe"))] = False
) -> int:
    return _show(context.obj, probe)


@command(app, "cli.channels.login", "login")
def login(
    context: typer.Context,
    channel: Channel,
    account: AccountName = "",
    force: Annotated[bool, typer.Option("--force", help=words("cli.channels.force"))] = False,
) -> int:
    invocation: Invocation = context.obj
    named = {"channel": channel, **({"accountId": account} if account else {})}
    shown = ""
    with open_channel(invocation) as connection:
        step = connection.call("web.login.start", {**named, "force": force}, _SIGN_IN_SECONDS)
        while True:
            shown = _tell(invocation, step, shown)
            if step["state"] in _OVER:
                break
            code = typer.prompt(words("cli.channels.code")) if step["state"] == "need_code" else ""
            step = connection.call("web.login.wait", {**named, **({"code": code} if code else {})}, _SIGN_IN_SECONDS)
    if not step["connected"]:
        raise CommandFailed(words("cli.channels.login_failed", message=clean(step["message"])))
    return exits.OK


def _tell(invocation: Invocation, step: dict[str, Any], shown: str) -> str:
    """Print a step, with the QR code unless it is the one that was shown. Returns the one that is shown now."""
    qr = str(step.get("qrText") or "")
    if qr and qr != shown and not invocation.output.as_json:
        invocation.output.show(step, *qr_rows(qr), qr)
    invocation.output.line(step, step["message"])
    return qr or shown


@command(app, "cli.channels.logout", "logout")
def logout(context: typer.Context, channel: Channel, account: AccountName = "") -> int:
    return _change(context.obj, "channels.logout", channel, account, "cli.channels.signed_out")


@command(app, "cli.channels.start", "start")
def start(context: typer.Context, channel: Channel, account: AccountName = "") -> int:
    return _change(context.obj, "channels.start", channel, account, "cli.channels.started_now")


@command(app, "cli.channels.stop", "stop")
def stop(context: typer.Context, channel: Channel, account: AccountName = "") -> int:
    return _change(context.obj, "channels.stop", channel, account, "cli.channels.stopped_now")


def _change(invocation: Invocation, method: str, channel: str, account: str, told_as: str) -> int:
    named = {"channel": channel, **({"accountId": account} if account else {})}
    with open_channel(invocation) as connection:
        told = connection.call(method, named)
    line = words(told_as, channel=told.get("channel", channel), account=told.get("accountId", account))
    invocation.output.show(told, Toned(line, "green"))
    return exits.OK


@command(app, "cli.channels.dead_letters", "dead-letters")
def dead_letters(
    context: typer.Context,
    channel: Annotated[str, typer.Argument(help=words("cli.channels.channel"))] = "",
    account: AccountName = "",
) -> int:
    invocation: Invocation = context.obj
    wanted = {name: value for name, value in (("channel", channel), ("accountId", account)) if value}
    with open_channel(invocation) as connection:
        told = connection.call("channels.deadLetters.list", wanted)
    rows = [
        (one["id"], one["channel"], one["accountId"], moment(one["receivedAtMs"] / 1000), one["reason"])
        for one in told["deadLetters"]
    ]
    titles = [words(f"cli.channels.column.{name}") for name in ("id", "channel", "account", "received", "reason")]
    invocation.output.show(told, Table(titles, rows) if rows else words("cli.channels.no_dead_letters"))
    return exits.OK


@command(app, "cli.channels.resubmit", "resubmit")
def resubmit(
    context: typer.Context, event: Annotated[str, typer.Argument(metavar="ID", help=words("cli.channels.event"))]
) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as connection:
        told = connection.call("channels.deadLetters.resubmit", {"id": event})
    invocation.output.show(told, Toned(words("cli.channels.resubmitted", id=event), "green"))
    return exits.OK


def _show(invocation: Invocation, probe: bool) -> int:
    with open_channel(invocation) as channel:
        told = channel.call("channels.status", {"probe": probe})
    rows = [
        row_of(told, name, account)
        for name in told["channelOrder"]
        for account in told["channelAccounts"].get(name) or [{}]
    ]
    table = Table([words(f"cli.channels.column.{name}") for name in ("channel", "account", "state", "error")], rows)
    invocation.output.show(told, table if rows else words("cli.channels.none"))
    return exits.OK


_TONES = {"connected": "green", "needs_login": "red", "error": "red", "not_configured": "dim"}
_STATES = ("connected", "starting", "degraded", "needs_login", "error", "stopped", "not_configured", "elsewhere")


def row_of(told: dict[str, Any], name: str, account: dict[str, Any]) -> tuple[str | Toned, ...]:
    """An account as a row of the table. An older gateway tells no `state`, but whether the account runs."""
    label = told.get("channelLabels", {}).get(name, name)
    state = account.get("state")
    if state not in _STATES:
        running = account.get("running") or account.get("connected")
        state = "starting" if running else "stopped" if account.get("configured") else "not_configured"
    error = "" if state == "connected" else str(account.get("lastError") or "")  # what is over puzzles
    shown = Toned(words(f"cli.channels.state.{state}"), _TONES.get(state, "yellow"))
    return label, str(account.get("accountId") or ""), shown, error
