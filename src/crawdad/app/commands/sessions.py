"""`crawdad sessions`: conversations with agents, listed, read, searched, carried elsewhere and ended."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Block, Table, Toned, moment
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.app.stored_sessions import InstalledSessions
    from crawdad.core.sessions import LogEvent, SearchHit, SessionEntry

app = application("sessions", no_args_is_help=True)
Answer = TypeVar("Answer")
_COLUMNS = ("key", "title", "kind", "agent", "messages", "tokens", "updated", "preview")

Which = Annotated[str, typer.Argument(metavar="SESSION", help=words("cli.sessions.which"))]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=500, help=words("cli.sessions.limit"))]
Agent = Annotated[str | None, typer.Option(help=words("cli.sessions.agent"))]


@command(app, "cli.sessions.list", "list")
def list_sessions(context: typer.Context, limit: Limit = 50, agent: Agent = None) -> int:
    async def read(sessions: InstalledSessions) -> list[SessionEntry]:
        from crawdad.core.sessions import SessionFilter

        return (await sessions.service.page(SessionFilter(agent_id=agent), limit)).entries

    found = _with_sessions(context.obj, read)
    table = Table([words(f"cli.sessions.column.{name}") for name in _COLUMNS], [_row(entry) for entry in found])
    _output(context, {"sessions": [_document(entry) for entry in found]}, table)
    return exits.OK


@command(app, "cli.sessions.search", "search")
def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=words("cli.sessions.text"))],
    limit: Limit = 20,
    agent: Agent = None,
) -> int:
    async def read(sessions: InstalledSessions) -> list[SearchHit]:
        from crawdad.core.sessions import SessionFilter

        return (await sessions.service.hits(SessionFilter(agent_id=agent, search=text), limit))[0]

    found = [(hit, _snippet(hit, text)) for hit in _with_sessions(context.obj, read)]
    document = [
        {**_document(hit.entry), "log": hit.session_id, "sequence": hit.sequence, "snippet": snippet}
        for hit, snippet in found
    ]
    columns = [words(f"cli.sessions.column.{name}") for name in ("key", "title", "updated", "found")]
    rows = [(hit.entry.key, hit.entry.title, moment(hit.entry.updated_at), snippet) for hit, snippet in found]
    _output(context, {"sessions": document}, Table(columns, rows))
    return exits.OK


@command(app, "cli.sessions.show", "show")
def show(context: typer.Context, session: Which, limit: Limit = 50) -> int:
    async def read(sessions: InstalledSessions) -> tuple[SessionEntry, list[LogEvent]]:
        entry = await sessions.find(session)
        return entry, await sessions.service.history(entry.session_id, limit)

    entry, lines = _with_sessions(context.obj, read)
    from crawdad.services.sessions.transcript import message_of, text_of

    said = [(line, message) for line in lines if (message := message_of(line.data)) is not None]
    document = {
        **_document(entry),
        "history": [
            {"sequence": line.sequence, "at": line.at, "role": message.role, "text": text_of(message.parts)}
            for line, message in said
        ],
    }
    blocks: list[Block] = [Toned(f"{entry.key}  {entry.title}", "bold")]
    for line, message in said:
        blocks += (Toned(f"{line.sequence}  {moment(line.at)}  {message.role}", "dim"), text_of(message.parts), "")
    _output(context, document, *blocks)
    return exits.OK


@command(app, "cli.sessions.export", "export")
def export(
    context: typer.Context,
    session: Which,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help=words("cli.sessions.file"))] = None,
) -> int:
    async def read(sessions: InstalledSessions) -> tuple[SessionEntry, bytes]:
        entry = await sessions.find(session)
        return entry, await sessions.copies.export(entry.session_id)

    entry, content = _with_sessions(context.obj, read)
    if file is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return exits.OK
    try:
        with file.open("xb") as target:
            file.chmod(0o600)
            target.write(content)
    except OSError as error:
        raise CommandFailed(words("cli.sessions.no_file", file=file, reason=error.strerror or error)) from error
    document = {"key": entry.key, "file": str(file), "lines": content.count(b"\n")}
    _output(context, document, words("cli.sessions.exported", key=entry.key, file=file))
    return exits.OK


@command(app, "cli.sessions.import", "import")
def take_in(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.sessions.transcript"))],
    key: Annotated[str | None, typer.Option(help=words("cli.sessions.key"))] = None,
    title: Annotated[str, typer.Option(help=words("cli.sessions.title"))] = "",
) -> int:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CommandFailed(words("cli.sessions.no_file", file=file, reason=error.strerror or error)) from error

    async def write(sessions: InstalledSessions) -> SessionEntry:
        wanted = key or f"import:{sessions.service.randomness.new_id()}"
        return await sessions.copies.take_in(content, sessions.key_of(wanted), title=title)

    entry = _with_sessions(context.obj, write)
    text = words("cli.sessions.imported", key=entry.key, messages=entry.messages)
    _output(context, _document(entry), Toned(text, "green"))
    return exits.OK


@command(app, "cli.sessions.reset", "reset")
def reset(context: typer.Context, session: Which) -> int:
    async def begin(sessions: InstalledSessions) -> SessionEntry:
        return await sessions.service.reset((await sessions.find(session)).key)

    entry = _with_sessions(context.obj, begin)
    _output(context, _document(entry), Toned(words("cli.sessions.was_reset", key=entry.key), "green"))
    return exits.OK


@command(app, "cli.sessions.delete", "delete")
def delete(
    context: typer.Context,
    session: Which,
    purge: Annotated[bool, typer.Option("--purge", help=words("cli.sessions.purge"))] = False,
) -> int:
    async def end(sessions: InstalledSessions) -> str:
        if purge and not await sessions.service.store.named(session, None):
            key = sessions.key_of(session)  # one that was deleted before can be purged by its key
            await sessions.service.purge(key)
            return key
        entry = await sessions.find(session)
        await (sessions.service.purge(entry.key) if purge else sessions.service.delete(entry.key))
        return entry.key

    key = _with_sessions(context.obj, end)
    text = words("cli.sessions.purged" if purge else "cli.sessions.deleted", key=key)
    _output(context, {"key": key, "deleted": True, "purged": purge}, Toned(text, "green"))
    return exits.OK


def _output(context: typer.Context, document: Any, *blocks: Block) -> None:
    invocation: Invocation = context.obj
    invocation.output.show(document, *blocks)


def _with_sessions(invocation: Invocation, work: Callable[[InstalledSessions], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        async with backends.open_sessions(invocation.launch) as sessions:
            return await work(sessions)

    return asyncio.run(run())


def _document(entry: SessionEntry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "id": entry.public_id or entry.key,
        "log": entry.session_id,
        "agent": entry.agent_id,
        "kind": entry.kind,
        "owner": entry.owner,
        "title": entry.title,
        "label": entry.label,
        "model": entry.model,
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
        "messages": entry.messages,
        "compactions": entry.compactions,
        "input_tokens": entry.input_tokens,
        "output_tokens": entry.output_tokens,
        "context_tokens": entry.context_tokens,
        "cost": entry.cost,
        "preview": entry.preview,
    }


def _row(entry: SessionEntry) -> tuple[str, ...]:
    return (
        entry.key,
        entry.title,
        entry.kind,
        entry.agent_id,
        str(entry.messages),
        str(entry.input_tokens + entry.output_tokens),
        moment(entry.updated_at),
        entry.preview[:60],
    )


def _snippet(hit: SearchHit, wanted: str) -> str:
    from crawdad.services.sessions.snippets import snippet_of

    return snippet_of(hit, wanted)
