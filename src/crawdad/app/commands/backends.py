"""What commands need from the rest of the system, as protocols, and the one place that finds it (`app.wiring`).

Nothing here is imported before it is needed: a command that asks for nothing pays for nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from crawdad.app.launch import Launch

if TYPE_CHECKING:
    from crawdad.api.opsclaw.log_export import ExportFormat
    from crawdad.app.mcp_logins import CommandLogins
    from crawdad.app.operations import Kept, Updating
    from crawdad.app.stored_healing import StoredHealing
    from crawdad.app.stored_plugins import StoredPlugins
    from crawdad.app.stored_sessions import InstalledSessions
    from crawdad.app.stored_skills import StoredMcpTools, StoredSkills
    from crawdad.core.budgets import Budget, Standing
    from crawdad.core.exchange import Exchange
    from crawdad.core.identity import Limits, Permission
    from crawdad.core.log import Bodies
    from crawdad.core.settings import Settings
    from crawdad.core.statistics import Dimension, Group, Used
    from crawdad.core.text import Text
    from crawdad.services.accounts.services import AccountServices
    from crawdad.services.channels.pairing import Pairing
    from crawdad.services.cli_sync.plan import FileChange
    from crawdad.services.cli_sync.service import Status
    from crawdad.services.cli_sync.tools import ToolFile
    from crawdad.services.schedule.jobs import Jobs
    from crawdad.services.statistics import Asked, Period, Summary
    from crawdad.services.tools.approvals import ApprovalService


class Problem(Protocol):
    """A finding about the configuration. `path` is the key, `line` and `column` count from 1."""

    @property
    def is_error(self) -> bool: ...
    @property
    def path(self) -> str: ...
    @property
    def message(self) -> Text: ...
    @property
    def fix(self) -> Text: ...
    @property
    def file(self) -> str | None: ...
    @property
    def line(self) -> int | None: ...
    @property
    def column(self) -> int | None: ...


class Reading(Protocol):
    """A value in effect; `origin` prints as where it comes from; `masked`: a secret in it is not shown."""

    @property
    def path(self) -> str: ...
    @property
    def value(self) -> Any: ...
    @property
    def origin(self) -> object: ...
    @property
    def masked(self) -> bool: ...


class Written(Protocol):
    """What became of an edit."""

    @property
    def written(self) -> bool: ...
    @property
    def refused(self) -> bool: ...
    @property
    def problems(self) -> Sequence[Problem]: ...


class Verdict(Protocol):
    """Whether the configuration can be used."""

    @property
    def valid(self) -> bool: ...
    @property
    def problems(self) -> Sequence[Problem]: ...
    @property
    def files(self) -> Sequence[str]: ...


class Configuration(Protocol):
    """The configuration file and what it leads to. All methods raise `GatewayError`."""

    async def settings(self) -> Settings:
        """The settings in effect. Raises BAD_REQUEST when the configuration cannot be used."""

    async def get(self, path: str, reveal: bool = False) -> Reading: ...

    async def set_value(self, path: str, text: str, as_text: bool = False) -> Written: ...

    async def unset_value(self, path: str) -> Written: ...

    async def edit(self, change: Callable[[str], str]) -> Written:
        """Make of the text of the main file what `change` does."""

    async def validate(self) -> Verdict: ...


class Key(Protocol):
    """A stored key. Times are Unix seconds."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def hint(self) -> str: ...
    @property
    def permissions(self) -> frozenset[Permission]: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def created_at(self) -> float: ...
    @property
    def expires_at(self) -> float | None: ...
    @property
    def revoked_at(self) -> float | None: ...
    @property
    def last_used_at(self) -> float | None: ...
    @property
    def owner(self) -> str: ...
    @property
    def parent_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key to be made shall be and may do. `expires_in` is in seconds."""

    name: str
    permissions: frozenset[Permission]
    limits: Limits
    expires_in: float | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What shall be other about a key. None leaves a thing as it is, `clear` names what is taken away first.

    `lists` replaces its lists (`models`, `providers`, …); `budgets` replaces those of the same unit and period.
    """

    name: str | None = None
    owner: str | None = None
    permissions: frozenset[Permission] | None = None
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    expires_in: float | None = None
    clear: frozenset[str] = frozenset()


class Keys(Protocol):
    """The API keys of this installation."""

    async def create(self, wanted: NewKey) -> tuple[Key, str]:
        """A new key and its secret, which is shown once and stored as a hash."""

    async def list(self, include_revoked: bool = False) -> Sequence[Key]: ...

    async def get(self, id_or_name: str) -> Key:
        """One living key. Raises NOT_FOUND."""

    async def update(self, id_or_name: str, wanted: KeyChange) -> Key:
        """Change a living key. Raises NOT_FOUND."""

    async def standing(self, key: Key) -> Sequence[Standing]:
        """The budgets that it spends, and what is left of them."""

    async def revoke(self, id_or_name: str) -> Key:
        """End a key. Raises NOT_FOUND, or CONFLICT when several keys have that name."""


@dataclass(frozen=True, slots=True)
class LogOrder:
    """Which exchanges: of a model (as asked for or as resolved), that failed, whose status tells an error."""

    model: str | None = None
    failed: bool = False
    errors: bool = False


class ExchangeLog(Protocol):
    """The log of exchanges."""

    async def recent(self, limit: int, wanted: LogOrder) -> Sequence[Exchange]:
        """The newest exchanges that match, oldest first."""

    async def newest(self) -> int:
        """The number of the newest exchange, to follow the log from."""

    async def following(self, number: int, wanted: LogOrder) -> Sequence[tuple[int, Exchange]]:
        """What was added after the exchange of that number, in that order, with numbers."""

    async def bodies(self, exchange_id: str) -> Bodies:
        """What was asked and answered. Raises NOT_FOUND."""

    def export(self, wanted: LogOrder, form: ExportFormat) -> AsyncIterator[bytes]:
        """All that match, as a file: `csv`, `json` or `jsonl`."""


class UsageStatistics(Protocol):
    """What was used. See `services.statistics.Statistics`."""

    async def summary(self, hours: int, asked: Asked) -> Summary: ...

    async def by(self, dimension: Dimension, hours: int, asked: Asked) -> list[tuple[Group, Used]]: ...

    async def daily(self, days: int, asked: Asked) -> list[Period]: ...


class Tools(Protocol):
    """Command line tools of this user. `url` None: the gateway of the installation; `key` None: one made for the tool."""

    def place(self, file: ToolFile) -> str:
        """Where a tool's file is, in full."""

    async def status(self, tool: str, url: str | None) -> Status: ...

    async def preview(
        self, tool: str, url: str | None, key: str | None, model: str | None, restore: bool
    ) -> list[FileChange]:
        """What `sync` (or `restore`) would do."""

    async def sync(self, tool: str, url: str | None, key: str | None, model: str | None) -> list[FileChange]: ...

    async def restore(self, tool: str, url: str | None) -> list[FileChange]: ...


async def settings(launch: Launch) -> Settings:
    """The settings in effect in the installation at `launch`."""
    async with open_configuration(launch) as configuration:
        return await configuration.settings()


def open_configuration(launch: Launch) -> AbstractAsyncContextManager[Configuration]:
    """The configuration of the installation at `launch`."""
    from crawdad.app import wiring

    return wiring.open_configuration(launch)


def open_keys(launch: Launch) -> AbstractAsyncContextManager[Keys]:
    """Its API keys."""
    from crawdad.app import wiring

    return wiring.open_keys(launch)


def open_pairing(launch: Launch) -> AbstractAsyncContextManager[Pairing]:
    """Who asks to be let in over channels, and who was."""
    from crawdad.app import wiring

    return wiring.open_pairing(launch)


def open_approvals(launch: Launch) -> AbstractAsyncContextManager[ApprovalService]:
    """What its agents ask for."""
    from crawdad.app import wiring

    return wiring.open_approvals(launch)


def open_exchange_log(launch: Launch) -> AbstractAsyncContextManager[ExchangeLog]:
    """Its log of exchanges."""
    from crawdad.app import wiring

    return wiring.open_exchange_log(launch)


def open_sessions(launch: Launch) -> AbstractAsyncContextManager[InstalledSessions]:
    """Its conversations with agents."""
    from crawdad.app import wiring

    return wiring.open_sessions(launch)


def open_statistics(launch: Launch) -> AbstractAsyncContextManager[UsageStatistics]:
    """Its statistics of usage."""
    from crawdad.app import wiring

    return wiring.open_statistics(launch)


def open_jobs(launch: Launch) -> AbstractAsyncContextManager[Jobs]:
    """Its jobs."""
    from crawdad.app import wiring

    return wiring.open_jobs(launch)


def open_tools(launch: Launch) -> Tools:
    """The command line tools that may be pointed at it."""
    from crawdad.app.cli_tools import InstalledTools

    return InstalledTools(launch)


def open_skills(launch: Launch) -> AbstractAsyncContextManager[StoredSkills]:
    """The skills of its agents."""
    from crawdad.app import stored_skills

    return stored_skills.open_skills(launch)


def open_plugins(launch: Launch) -> AbstractAsyncContextManager[StoredPlugins]:
    """Other people's code in it."""
    from crawdad.app import stored_plugins

    return stored_plugins.open_plugins(launch)


def open_mcp_tools(launch: Launch) -> AbstractAsyncContextManager[StoredMcpTools]:
    """The tools of other servers that it has seen."""
    from crawdad.app import stored_skills

    return stored_skills.open_mcp_tools(launch)


def open_mcp_logins(launch: Launch) -> AbstractAsyncContextManager[CommandLogins]:
    """What signs in to other servers."""
    from crawdad.app import mcp_logins

    return mcp_logins.open_mcp_logins(launch)


def open_backups(launch: Launch) -> AbstractAsyncContextManager[Kept]:
    """Its backups."""
    from crawdad.app import operations

    return operations.open_backups(launch)


def open_healing(launch: Launch) -> AbstractAsyncContextManager[StoredHealing]:
    """What it did about itself."""
    from crawdad.app import stored_healing

    return stored_healing.open_healing(launch)


def open_updates(launch: Launch) -> AbstractAsyncContextManager[Updating]:
    """Its updates."""
    from crawdad.app import operations

    return operations.open_updates(launch)


async def has_database(launch: Launch) -> bool:
    """Whether there is a database already; the first start makes one."""
    from crawdad.app import wiring

    return await wiring.has_database(launch)


def open_accounts(launch: Launch) -> AbstractAsyncContextManager[AccountServices]:
    """Its accounts."""
    from crawdad.app import wiring

    return wiring.open_accounts(launch)


async def check_database(launch: Launch) -> str:
    """Look whether the database can be read and written, without making one: what it is, for people.

    Raises `GatewayError`.
    """
    from crawdad.app import wiring

    return await wiring.check_database(launch)
