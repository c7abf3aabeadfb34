"""`crawdad bench`: what this installation does on this machine, beside a direct call and other gateways."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.words import words

app = application("bench")


@command(app, "cli.bench")
def bench(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help=words("cli.bench.quick"))] = False,
    only: Annotated[list[str] | None, typer.Option(metavar="ROW", help=words("cli.bench.only"))] = None,
    peers: Annotated[bool, typer.Option("--peers", help=words("cli.bench.peers"))] = False,
    soak: Annotated[float | None, typer.Option(metavar="MINUTES", min=0.5, help=words("cli.bench.soak"))] = None,
    install_peers: Annotated[bool, typer.Option("--install-peers", help=words("cli.bench.install_peers"))] = False,
) -> int:
    from crawdad.app.bench import peers as other_gateways
    from crawdad.app.bench.measures import MEASURES
    from crawdad.app.bench.plan import FULL, QUICK
    from crawdad.app.bench.run import run
    from crawdad.app.bench.table import as_json, show

    invocation: Invocation = context.obj
    if install_peers:
        return exits.OK if other_gateways.install(_say) else exits.PROBLEM
    unknown = sorted(set(only or ()) - MEASURES.keys())
    if unknown:
        raise CommandFailed(words("cli.bench.unknown", names=", ".join(unknown), rows=", ".join(MEASURES)), exits.USAGE)
    if soak is not None:
        rows, notes = run([], QUICK, soak_minutes=soak, say=_say)
    else:
        rows, notes = run(only or list(MEASURES), QUICK if quick else FULL, peers=peers, say=_say)
    if invocation.output.as_json:
        invocation.output.show(as_json(rows, notes))
    else:
        show(rows, notes)
    return exits.OK


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
