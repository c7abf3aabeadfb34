"""Work that takes a while, as it is kept."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import ColumnElement, RowMapping, and_, delete, func, insert, or_, select, text, update

from crawdad.core.tasks import LogLine, Task, TaskFilter, TaskPage, words_in, words_out
from crawdad.store.database import Database
from crawdad.store.question import Question
from crawdad.store.task_tables import work_tasks

_columns = work_tasks.c
_RUNNING = "running"
_RUNNERS = Question(select(_columns.runner).where(_columns.status == _RUNNING).distinct())


class TaskStore:
    """The table of tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, task: Task) -> bool:
        """Keep a new task. False: another that is about the same thing is under way."""
        async with self._database.write() as connection:
            if task.exclusive:
                if not self._database.is_sqlite:
                    lock = {"key": f"task {task.exclusive}"}
                    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), lock)
                same = (_columns.status == _RUNNING, _columns.exclusive == task.exclusive)
                if (await connection.execute(select(_columns.id).where(*same).limit(1))).first() is not None:
                    return False
            await connection.execute(insert(work_tasks), _row(task))
        return True

    async def put(self, task: Task) -> bool:
        """Keep how a task stands now, unless it is over already."""
        values = _row(task)
        here = (_columns.id == values.pop("id"), _columns.status == _RUNNING)
        async with self._database.write() as connection:
            return (await connection.execute(update(work_tasks).where(*here).values(**values))).rowcount == 1

    async def get(self, task_id: str) -> Task | None:
        """A task."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(work_tasks).where(_columns.id == task_id))).mappings().first()
        return _task(row) if row is not None else None

    async def page(self, wanted: TaskFilter, limit: int, cursor: str | None = None) -> TaskPage:
        """Tasks, the newest first. `cursor` is the id of the last one of the page before."""
        conditions = _conditions(wanted)
        async with self._database.read() as connection:
            if cursor:
                before = select(_columns.started_at).where(_columns.id == cursor)
                at = (await connection.execute(before)).scalar_one_or_none()
                if at is None:
                    return TaskPage(())
                earlier = and_(_columns.started_at == at, _columns.id < cursor)
                conditions.append(or_(_columns.started_at < at, earlier))
            query = select(work_tasks).where(*conditions).order_by(_columns.started_at.desc(), _columns.id.desc())
            rows = (await connection.execute(query.limit(limit + 1))).mappings().all()
        found = tuple(_task(row) for row in rows[:limit])
        return TaskPage(found, found[-1].id if len(rows) > limit else None)

    async def runners(self) -> list[str]:
        """The processes that have tasks under way."""
        return [row["runner"] for row in await self._database.ask_again(_RUNNERS)]

    async def running(self, runner: str) -> list[Task]:
        """The tasks that a process has under way."""
        query = select(work_tasks).where(_columns.status == _RUNNING, _columns.runner == runner)
        async with self._database.read() as connection:
            return [_task(row) for row in (await connection.execute(query)).mappings()]

    async def prune(self, before: float, most: int) -> int:
        """Forget tasks that ended before `before`, and the oldest beyond `most`. Returns how many."""
        over = _columns.status != _RUNNING
        kept = select(_columns.id).where(over).order_by(_columns.started_at.desc()).limit(most)
        old = or_(_columns.ended_at < before, _columns.id.not_in(kept))
        async with self._database.write() as connection:
            return (await connection.execute(delete(work_tasks).where(over, old))).rowcount


def _conditions(wanted: TaskFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.kind.endswith("."):
        found.append(func.substr(_columns.kind, 1, len(wanted.kind)) == wanted.kind)
    elif wanted.kind:
        found.append(_columns.kind == wanted.kind)
    if wanted.status is not None:
        found.append(_columns.status == wanted.status)
    if wanted.ids:
        found.append(_columns.id.in_(wanted.ids))
    return found


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, default=str).decode()


def _row(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "kind": task.kind,
        "title": _json(words_out(task.title)),
        "target": task.target,
        "exclusive": task.exclusive,
        "owner": task.owner,
        "runner": task.runner,
        "status": task.status,
        "progress": task.progress,
        "lines": _json([[line.at, words_out(line.text)] for line in task.lines]),
        "lines_dropped": task.lines_dropped,
        "result": _json(task.result),
        "error": _json(words_out(task.error)),
        "started_at": task.started_at,
        "updated_at": task.updated_at,
        "ended_at": task.ended_at,
    }


def _task(row: RowMapping) -> Task:
    values: dict[str, Any] = dict(row)
    values["title"] = words_in(orjson.loads(values["title"]))
    values["lines"] = tuple(LogLine(at, words_in(line)) for at, line in orjson.loads(values["lines"]))
    values["result"] = None if values["result"] is None else orjson.loads(values["result"])
    values["error"] = None if values["error"] is None else words_in(orjson.loads(values["error"]))
    return Task(**values)
