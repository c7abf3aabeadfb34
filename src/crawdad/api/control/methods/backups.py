"""`backups.*`: the backups of the installation, for operators who are elsewhere. Methods of Crawdad's own. Files that carry a
backup to another machine are the command line's: they go past the gateway."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.methods.tasks import TIMEOUT, awaited
from crawdad.api.control.registry import Asked, Method
from crawdad.core.backups import PARTS
from crawdad.core.tasks import Task, rendered, task_fields
from crawdad.services.backups.fields import backup_fields, comparison_fields, deleted_fields, manifest_fields
from crawdad.services.backups.orders import BackupOrders
from crawdad.wire.control.schema import FILLED, Schema, closed, words
from crawdad.wire.control.scopes import ADMIN, READ

_TASK = "{id, kind, title, status, progress, log[], result, error, …}"
_NAMES: Schema = {"type": "array", "items": FILLED, "minItems": 1, "maxItems": 200}


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    if control.backup_orders is None:
        return []
    answers = _Backups(control.backup_orders)
    one = closed({"id": FILLED}, "id")
    create = closed({"kind": words("full", "configuration"), **TIMEOUT})
    verify = closed({"id": FILLED, **TIMEOUT}, "id")
    some: Schema = {"type": "array", "items": words(*PARTS), "minItems": 1}
    restore = closed({"id": FILLED, "parts": some, **TIMEOUT}, "id")
    pair = closed({"id": FILLED, "other": FILLED}, "id")
    differs = "{old, new, same, diff, files[], secrets_differ, truncated}"
    return [
        Method("backups.list", READ, answers.list, result="{backups[{id, kind, reason, created_at, files, size, …}]}"),
        Method("backups.show", READ, answers.show, one, "{id, …, files_kept[], left_out[], texts}"),
        Method("backups.diff", READ, answers.diff, pair, differs),
        Method("backups.create", ADMIN, answers.create, create, _TASK),
        Method("backups.verify", ADMIN, answers.verify, verify, _TASK),
        Method("backups.restore", ADMIN, answers.restore, restore, _TASK),
        Method("backups.standing", READ, answers.standing, closed({"id": FILLED}, "id"), "{id, state, reason}"),
        Method("backups.delete", ADMIN, answers.delete, closed({"ids": _NAMES}, "ids"), "{deleted, freed}"),
    ]


class _Backups:
    def __init__(self, orders: BackupOrders) -> None:
        self._orders = orders

    async def list(self, _: Asked) -> Any:
        return {"backups": [backup_fields(backup) for backup in await self._orders.backups.listed()]}

    async def show(self, asked: Asked) -> Any:
        manifest = await self._orders.backups.read(asked.params["id"])
        return manifest_fields(manifest, await self._orders.backups.shown(manifest.backup.id))

    async def diff(self, asked: Asked) -> Any:
        return comparison_fields(await self._orders.backups.compare(asked.params["id"], asked.params.get("other")))

    async def create(self, asked: Asked) -> Any:
        return await self._told(asked, await self._orders.create(asked.params.get("kind", "full"), _owner(asked)))

    async def verify(self, asked: Asked) -> Any:
        return await self._told(asked, await self._orders.verify(asked.params["id"], _owner(asked), asked.language))

    async def restore(self, asked: Asked) -> Any:
        parts = asked.params.get("parts", PARTS)
        return await self._told(asked, await self._orders.restore(asked.params["id"], _owner(asked), parts))

    async def standing(self, asked: Asked) -> Any:
        wanted = asked.params["id"]
        found = await self._orders.standing(wanted)
        return {
            "id": wanted,
            "state": found and found.state,
            "reason": rendered(found.reason, asked.language) if found else "",
        }

    async def delete(self, asked: Asked) -> Any:
        wanted = asked.params["ids"]
        return deleted_fields(len(wanted), await self._orders.backups.delete(wanted))

    async def _told(self, asked: Asked, task: Task) -> Any:
        return task_fields(await awaited(self._orders.board, task.id, asked.params), asked.language)


def _owner(asked: Asked) -> str:
    return asked.connection.admitted.principal.id
