"""Taking accounts in from elsewhere, and giving them out."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import structlog

from crawdad.core.accounts import Account
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.ports import Clock, SecretBox
from crawdad.core.secret import SEALED_PREFIX
from crawdad.core.text import Language, Text
from crawdad.services.accounts.documents import VERSION, entries_of, exported, is_paused, order_of
from crawdad.services.accounts.registry import Registry
from crawdad.store.older_accounts import find_older, read_older

_log = structlog.get_logger(__name__)
_AT_ONCE = 5
_MOST_DETAILS = 100


@dataclass(slots=True)
class Imported:
    """What came of an import. `failures` are the entries (by number, from 1) that were not taken, and why."""

    imported: int = 0
    skipped: int = 0
    accounts: list[Account] = field(default_factory=list)
    failures: list[tuple[int, GatewayError]] = field(default_factory=list)

    def details(self, language: Language) -> list[str]:
        """The failures in words."""
        return [f"{number}: {error.message(language)}"[:300] for number, error in self.failures[:_MOST_DETAILS]]


class Transfer:
    """Imports into the registry and exports out of it. `home` is the data directory: files are read below it alone."""

    def __init__(self, registry: Registry, box: SecretBox, clock: Clock, home: str) -> None:
        self._registry = registry
        self._box = box
        self._clock = clock
        self._home = home

    async def take_in(self, document: Any, by: Principal, check: bool = True) -> Imported:
        """Keep the accounts of a document. One bad entry does not keep the others out. Raises BAD_REQUEST for a document that
        has no entries at all."""
        entries = entries_of(document)
        result = Imported()
        limit = asyncio.Semaphore(_AT_ONCE)
        behind: dict[int, Account] = {}

        async def take(number: int, entry: Any) -> None:
            async with limit:
                try:
                    taken = await self._take(entry, by, check, result)
                    if taken is not None:
                        behind[number] = taken
                except GatewayError as error:
                    if error.details.get("code") == "duplicate_credential":
                        result.skipped += 1
                    else:
                        result.failures.append((number, error))

        async with asyncio.TaskGroup() as group:
            for number, entry in enumerate(entries, 1):
                group.create_task(take(number, entry))
        await self._registry.arrange([behind[number] for number in sorted(behind)], by)  # as the document has them
        result.failures.sort(key=lambda failure: failure[0])
        result.accounts.sort(key=lambda account: account.position)
        _log.info(
            "accounts_imported", by=by.id, imported=result.imported, skipped=result.skipped, failed=len(result.failures)
        )
        return result

    async def _take(self, entry: Any, by: Principal, check: bool, result: Imported) -> Account | None:
        """Keep one account. It is returned where it went behind all others, for want of a place of its own."""
        if isinstance(entry, dict):
            entry = await asyncio.to_thread(self._unsealed, entry)
        order = order_of(entry, check)
        known = await self._registry.all()
        for account in known:
            same = account.secret is not None and account.secret == order.secret and account.provider == order.provider
            if same and order.label in ("", account.label):
                result.skipped += 1
                return None
        account = await self._registry.add(order, by)
        if is_paused(entry):
            account = await self._registry.pause(account.id, False, None, by)
        result.imported += 1
        result.accounts.append(account)
        is_new = all(account.id != other.id for other in known)
        return account if is_new and order.priority is None else None

    def _unsealed(self, entry: dict[str, Any]) -> dict[str, Any]:
        """An entry of an older database: its secret was encrypted with this installation's key."""
        secret = entry.get("secret")
        if isinstance(secret, str) and secret.startswith(SEALED_PREFIX):
            return {**entry, "secret": self._box.decrypt(secret)}
        return entry

    async def from_file(self, path: str | None, by: Principal, check: bool = True) -> Imported:
        """Keep the accounts of a file below the data directory: a SQLite database with a table `accounts`, or JSON. Without a
        path the customary ones are looked for. Raises NOT_FOUND, FORBIDDEN and BAD_REQUEST."""
        if path is None:
            path = await asyncio.to_thread(find_older, self._home)
            if path is None:
                text = Text("accounts.nothing_to_import")
                raise GatewayError(ErrorKind.NOT_FOUND, text, {"code": "nothing_to_import"})
        document = await asyncio.to_thread(read_older, path, self._home)
        return await self.take_in(document, by, check)

    async def give_out(self, ids: Collection[str] | None, secrets: bool, by: Principal) -> dict[str, Any]:
        """The export of these accounts, or of all; with their secrets where that is wanted and allowed (FORBIDDEN)."""
        if secrets:
            by.need(Permission.SECRETS_READ)
        chosen = [account for account in await self._registry.all() if ids is None or account.id in ids]
        _log.info("accounts_exported", by=by.id, accounts=[account.id for account in chosen[:50]], secrets=secrets)
        return {
            "version": VERSION,
            "exported_at": int(self._clock.now()),
            "accounts": [exported(account, secrets) for account in chosen],
        }
