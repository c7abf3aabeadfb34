"""The sign-ins of channels that come along, and the people whom they let in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from crawdad.adapters.channels import feishu, telegram, weixin
from crawdad.adapters.files import read_environment
from crawdad.adapters.openclaw_folder import OpenClawFolder
from crawdad.adapters.system import SystemClock
from crawdad.app.launch import Launch
from crawdad.app.moving.configuration import change_ours
from crawdad.app.wiring import configuration_source, database_url, secret_box, usable_settings
from crawdad.core.channels import Account, ChannelKind
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.channels.configured import block_of, configured_accounts, default_account
from crawdad.services.channels.running import KeptState
from crawdad.services.moving.channels import WEIXIN, people_file, read_people, weixin_ids, weixin_state
from crawdad.services.moving.report import Report
from crawdad.store.channel_people import ChannelPeople, PairedPerson
from crawdad.store.database import Database, open_database
from crawdad.store.key_values import KeyValues

_KINDS: Mapping[str, ChannelKind] = {kind.id: kind for kind in (telegram.CHANNEL, feishu.CHANNEL, weixin.CHANNEL)}
_BY = "openclaw"


class ChannelMove:
    """Brings them. `stored`: there is a database, or one may be made."""

    def __init__(self, folder: OpenClawFolder, launch: Launch, report: Report, *, dry_run: bool, stored: bool) -> None:
        self._folder = folder
        self._launch = launch
        self._report = report
        self._dry_run = dry_run
        self._stored = stored

    async def sign_ins(self, wanted: bool) -> None:
        """The accounts of WeChat: a token each, which is good here too. `wanted`: credentials are."""
        root = self._folder.root / WEIXIN
        ids = weixin_ids(await asyncio.to_thread(self._folder.document, root / "accounts.json"))
        if not ids:
            return
        if not wanted:
            for account_id in ids:
                self._report.add("credential", f"{WEIXIN}:{account_id}", "left", Text("moving.not_wanted"))
            return
        states = {}
        for account_id in ids:
            place = root / "accounts"
            document = await asyncio.to_thread(self._folder.document, place / f"{account_id}.json")
            sync = await asyncio.to_thread(self._folder.document, place / f"{account_id}.sync.json")
            if (state := weixin_state(account_id, document, sync)) is not None:
                states[account_id] = state
            else:
                self._report.add("credential", f"{WEIXIN}:{account_id}", "left", Text("moving.no_secret"))
        names = await self._weixin_names(list(states)) if states else {}
        async with self._database() as database:
            for account_id, state in states.items():
                await self._sign_in(account_id, names.get(account_id), state, database)

    async def _sign_in(
        self, account_id: str, name: str | None, state: dict[str, str], database: Database | None
    ) -> None:
        shown = f"{WEIXIN}:{account_id}"
        if name is None:
            self._report.add("credential", shown, "left", Text("moving.no_channel_account"))
            return
        if database is not None:
            environment = await read_environment(str(self._launch.home), ".", self._launch.environment)
            box = secret_box(self._launch, environment)
            kept = KeptState(KeyValues(database), box, Account(WEIXIN, name))
            if await kept.get("token") is not None:
                self._report.add("credential", shown, "there")
                return
            if not self._dry_run:
                for key, value in sorted(state.items(), key=lambda pair: pair[0] == "token"):  # the token makes it one
                    await kept.put(key, value)
        self._report.add("credential", shown, "brought", Text("moving.one_instance"))

    async def _weixin_names(self, ids: list[str]) -> dict[str, str]:
        """The names of the accounts here. Where the configuration has none, it gets them."""
        settings = await self._settings()
        block = block_of(weixin.CHANNEL, settings.channels)
        if block is None or not (block.accounts or len(ids) == 1):
            accounts: dict[str, Any] = {"accounts": {each: {} for each in ids}} if len(ids) > 1 else {"enabled": True}
            if not self._dry_run:
                await change_ours(self._launch, {"channels": {WEIXIN: accounts}})
            return {each: each for each in ids} if len(ids) > 1 else {ids[0]: "default"}
        if not block.accounts:
            return {ids[0]: default_account(weixin.CHANNEL, settings.channels)}
        return {each: each for each in ids if each in block.accounts}

    async def people(self) -> None:
        """Who may write to the bot without asking again; what else lies there is told."""
        names = await asyncio.to_thread(self._folder.names, self._folder.root / "credentials")
        folders = await asyncio.to_thread(self._folder.folders, self._folder.root / "credentials")
        for name in (*names, *(folder.name for folder in folders)):
            found = people_file(name, _KINDS)
            if found is None:
                if not name.endswith("-pairing.json"):  # requests of the hour, which are over
                    self._report.add("other", f"credentials/{name}", "left", Text("moving.left.credentials"))
                continue
            settings = await self._settings()
            kind = _KINDS[found.channel]
            accounts = configured_accounts(kind, settings.channels)
            account = found.account or default_account(kind, settings.channels)
            if account not in accounts and len(accounts) == 1 and found.channel == WEIXIN:
                account = next(iter(accounts))
            document = await asyncio.to_thread(self._folder.document, self._folder.root / "credentials" / name)
            people = read_people(document)
            if account not in accounts and not (self._dry_run and people):
                self._report.add("person", found.name, "left", Text("moving.no_channel_account"))
                continue
            await self._let_in(Account(kind.id, account), [kind.identity(each) for each in people])

    async def _let_in(self, account: Account, people: list[str]) -> None:
        async with self._database() as database:
            known = {each.sender_id for each in await ChannelPeople(database).of(account)} if database else set()
            for sender in people:
                fresh = sender not in known
                if fresh and database is not None and not self._dry_run:
                    person = PairedPerson(account, sender, "", False, SystemClock.now(), _BY)
                    await ChannelPeople(database).add(person)
                self._report.add("person", f"{account}:{sender}", "brought" if fresh else "there")

    async def _settings(self) -> Settings:
        loaded = await (await configuration_source(self._launch)).load()
        return loaded.settings or Settings()

    @asynccontextmanager
    async def _database(self) -> Any:
        async with AsyncExitStack() as stack:
            if not self._stored:
                yield None
                return
            settings = usable_settings(await (await configuration_source(self._launch)).load())
            yield await stack.enter_async_context(open_database(database_url(settings, self._launch)))
