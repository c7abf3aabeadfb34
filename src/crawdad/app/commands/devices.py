"""`crawdad devices`: who connects to the control channel: who waits, who was let in, and the end of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Block, Table, Toned, moment
from crawdad.app.words import words

app = application("devices", no_args_is_help=True)
Waiting = Annotated[str | None, typer.Argument(metavar="[REQUEST]", help=words("cli.devices.request"))]
Which = Annotated[str, typer.Argument(metavar="DEVICE", help=words("cli.devices.device"))]
Role = Annotated[str, typer.Option(help=words("cli.devices.role"))]


@command(app, "cli.devices.list", "list")
def list_devices(context: typer.Context) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        found = channel.call("device.pair.list")
    waiting, known = found["pending"], found["paired"]
    blocks: list[Block] = []
    if waiting:
        columns = [
            words(f"cli.devices.column.{name}") for name in ("request", "device", "name", "role", "from", "asked")
        ]
        blocks += [
            Toned(words("cli.devices.waiting"), "bold"),
            Table(columns, [_waiting_row(each) for each in waiting]),
        ]
    columns = [words(f"cli.devices.column.{name}") for name in ("device", "name", "role", "scopes", "since", "token")]
    blocks.append(Table(columns, [_known_row(each) for each in known]))
    invocation.output.show(found, *blocks)
    return exits.OK


@command(app, "cli.devices.approve", "approve")
def approve(context: typer.Context, request: Waiting = None) -> int:
    return _decide(context.obj, request, "approve", "cli.devices.approved")


@command(app, "cli.devices.reject", "reject")
def reject(context: typer.Context, request: Waiting = None) -> int:
    return _decide(context.obj, request, "reject", "cli.devices.rejected")


@command(app, "cli.devices.remove", "remove")
def remove(context: typer.Context, device: Which) -> int:
    return _end(context.obj, "device.pair.remove", {"deviceId": device}, "cli.devices.removed")


@command(app, "cli.devices.rotate", "rotate")
def rotate(context: typer.Context, device: Which, role: Role = "operator") -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call("device.token.rotate", {"deviceId": device, "role": role})
    line = Toned(words("cli.devices.rotated", device=device[:12]), "green")
    invocation.output.show(told, line, told["token"])
    return exits.OK


@command(app, "cli.devices.revoke", "revoke")
def revoke(context: typer.Context, device: Which, role: Role = "operator") -> int:
    return _end(context.obj, "device.token.revoke", {"deviceId": device, "role": role}, "cli.devices.revoked")


def _decide(invocation: Invocation, request: str | None, what: str, told_as: str) -> int:
    """Without an id the one request that waits is meant."""
    with open_channel(invocation) as channel:
        if request is None:
            waiting = channel.call("device.pair.list")["pending"]
            if len(waiting) != 1:
                key = "cli.devices.several" if waiting else "cli.devices.nobody"
                raise CommandFailed(words(key, ids=", ".join(each["requestId"] for each in waiting)))
            request = waiting[0]["requestId"]
        told = channel.call(f"device.pair.{what}", {"requestId": request})
    device = str(told.get("deviceId") or told["device"]["deviceId"])
    invocation.output.show(told, Toned(words(told_as, device=device[:12]), "green"))
    return exits.OK


def _end(invocation: Invocation, method: str, params: dict[str, Any], told_as: str) -> int:
    with open_channel(invocation) as channel:
        told = channel.call(method, params)
    invocation.output.show(told, Toned(words(told_as, device=str(params["deviceId"])[:12]), "green"))
    return exits.OK


def _name(each: dict[str, Any]) -> str:
    name = each.get("displayName") or each.get("clientId") or ""
    return f"{name} ({each['platform']})" if each.get("platform") else str(name)


def _waiting_row(each: dict[str, Any]) -> tuple[str | Toned, ...]:
    name = Toned(f"{_name(each)} {words('cli.devices.changed')}", "yellow") if each.get("isRepair") else _name(each)
    asked = moment(each["ts"] / 1000)
    return each["requestId"], each["deviceId"][:12], name, each["role"], each.get("remoteIp", ""), asked


def _known_row(each: dict[str, Any]) -> tuple[str | Toned, ...]:
    living = any("revokedAtMs" not in token for token in each["tokens"])
    token = words("cli.status.yes") if living else Toned(words("cli.status.no"), "yellow")
    scopes = ", ".join(scope.removeprefix("operator.") for scope in each["scopes"])
    return each["deviceId"], _name(each), ", ".join(each["roles"]), scopes, moment(each["approvedAtMs"] / 1000), token
