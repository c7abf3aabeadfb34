"""Work that takes a while: what it is, how far it is, what became of it. Times are Unix seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from crawdad.core.parts import JsonObject
from crawdad.core.text import Text

TaskStatus = Literal["running", "succeeded", "failed", "cancelled", "interrupted"]
"""`interrupted`: the process that did it is gone."""

TASK_CHANGED = "tasks.changed"
"""The topic of what becomes of tasks: `task_fields` of the task, without its log."""
TASK_CANCELLED = "tasks.cancelled"
"""The topic of wishes that a task end, as `{id}`: for the process that does it."""

MOST_LINES = 200
LONGEST_LINE = 500

Words = Text | str


@dataclass(frozen=True, slots=True)
class LogLine:
    """What a task said, and when."""

    at: float
    text: Words


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work. `kind` is dotted (`backup.create`), `target` what it is done to, `exclusive` what no other task may be
    about at the same time (empty: nothing). `progress` is 0 to 100. `lines_dropped` counts the oldest lines that are not kept.
    """

    id: str
    kind: str
    title: Words
    owner: str
    runner: str
    started_at: float
    updated_at: float
    target: str = ""
    exclusive: str = ""
    status: TaskStatus = "running"
    progress: int = 0
    lines: tuple[LogLine, ...] = ()
    lines_dropped: int = 0
    result: JsonObject | None = None
    error: Words | None = None
    ended_at: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.status != "running"


class Report(Protocol):
    """How work tells of itself."""

    def progress(self, percent: float) -> None:
        """How far it is, 0 to 100; it never goes back."""

    def say(self, text: Words) -> None:
        """A line for its log."""


Work = Callable[[Report], Awaitable[JsonObject | None]]
"""What a task does: its result. Raises `GatewayError` where it fails."""


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """A task that is wanted."""

    kind: str
    title: Words
    target: str = ""
    exclusive: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Tasks, the newest first, and where the next page begins (None: nowhere)."""

    tasks: tuple[Task, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks; what is empty asks for all. `kind` may end in `.`, for all that begin so."""

    kind: str = ""
    status: TaskStatus | None = None
    ids: tuple[str, ...] = field(default=())


def words_out(words: Words | None) -> Any:
    """Words as plain JSON, to be read by `words_in`."""
    if not isinstance(words, Text):
        return words
    values = {name: words_out(value) if isinstance(value, Text) else value for name, value in words.values.items()}
    return {"key": words.key, "values": values}


def words_in(plain: Any) -> Words:
    """Words out of plain JSON."""
    if isinstance(plain, Mapping) and "key" in plain:
        values = {
            name: words_in(value) if isinstance(value, Mapping) and "key" in value else value
            for name, value in plain.get("values", {}).items()
        }
        return Text(plain["key"], values)
    return str(plain)


def rendered(words: Words | None, language: str) -> str | None:
    """Words in a language."""
    return words.render(language) if isinstance(words, Text) else words


def task_fields(task: Task, language: str = "en", *, lines: bool = True) -> JsonObject:
    """A task as plain JSON for clients."""
    told: JsonObject = {
        "id": task.id,
        "kind": task.kind,
        "title": rendered(task.title, language),
        "target": task.target,
        "status": task.status,
        "progress": task.progress,
        "owner": task.owner,
        "startedAt": task.started_at,
        "updatedAt": task.updated_at,
        "endedAt": task.ended_at,
        "result": task.result,
        "error": rendered(task.error, language),
    }
    if lines:
        told["log"] = [{"at": line.at, "text": rendered(line.text, language)} for line in task.lines]
        told["logDropped"] = task.lines_dropped
    return told
