"""Putting the parts together for the short commands: configuration, keys, log and database of an installation."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from crawdad.adapters.files import LocalFiles, read_environment
from crawdad.adapters.secret_box import VARIABLE as SECRET_KEY_VARIABLE
from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.app.launch import Launch
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.configuration import commands
from crawdad.services.configuration.loading import Loaded
from crawdad.services.configuration.source import ConfigurationSource, Written

if TYPE_CHECKING:
    from crawdad.app.stored import InstalledKeys, InstalledLog
    from crawdad.app.stored_sessions import InstalledSessions
    from crawdad.services.accounts.services import AccountServices
    from crawdad.services.channels.pairing import Pairing
    from crawdad.services.schedule.jobs import Jobs
    from crawdad.services.statistics import Statistics
    from crawdad.services.tools.approvals import ApprovalService


async def configuration_source(launch: Launch) -> ConfigurationSource:
    """The configuration of this installation, with the environment it is read in."""
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    box = secret_box(launch, environment)
    return ConfigurationSource(str(launch.config_path), LocalFiles(), environment, box, str(launch.home))


def secret_box(launch: Launch, environment: Mapping[str, str]) -> KeyedSecretBox:
    """What the secrets of this installation are encrypted with."""
    return KeyedSecretBox(str(launch.home / "secret.key"), environment.get(SECRET_KEY_VARIABLE))


def usable_settings(loaded: Loaded) -> Settings:
    """The settings of a loaded configuration. Raises BAD_REQUEST with all its errors in words."""
    if loaded.settings is None:
        words = "\n".join(problem.describe() for problem in loaded.problems if problem.is_error)
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("app.bad_configuration", {"problems": words}))
    return loaded.settings


def database_url(settings: Settings, launch: Launch) -> str:
    """The configured database, or the SQLite file in the home directory."""
    if settings.database.url is not None:
        return settings.database.url.reveal()
    return f"sqlite:///{launch.home / 'crawdad.db'}"


class _Configuration:
    """`commands.backends.Configuration`."""

    def __init__(self, source: ConfigurationSource) -> None:
        self._source = source

    async def settings(self) -> Settings:
        return usable_settings(await self._source.load())

    async def get(self, path: str, reveal: bool = False) -> commands.Reading:
        return await commands.get(self._source, path, reveal)

    async def set_value(self, path: str, text: str, as_text: bool = False) -> Written:
        return await commands.set_value(self._source, path, text, as_text=as_text)

    async def unset_value(self, path: str) -> Written:
        return await commands.unset_value(self._source, path)

    async def edit(self, change: Callable[[str], str]) -> Written:
        return await self._source.write(change)

    async def validate(self) -> commands.Verdict:
        return await commands.validate(self._source)


@asynccontextmanager
async def open_configuration(launch: Launch) -> AsyncIterator[_Configuration]:
    """The configuration."""
    yield _Configuration(await configuration_source(launch))


def open_keys(launch: Launch) -> AbstractAsyncContextManager[InstalledKeys]:
    """The API keys."""
    from crawdad.app import stored

    return stored.open_keys(launch)


def open_pairing(launch: Launch) -> AbstractAsyncContextManager[Pairing]:
    """Who asks to be let in over channels, and who was."""
    from crawdad.app import stored

    return stored.open_pairing(launch)


def open_approvals(launch: Launch) -> AbstractAsyncContextManager[ApprovalService]:
    """What agents ask for."""
    from crawdad.app import stored

    return stored.open_approvals(launch)


def open_exchange_log(launch: Launch) -> AbstractAsyncContextManager[InstalledLog]:
    """The log of exchanges."""
    from crawdad.app import stored

    return stored.open_exchange_log(launch)


def open_statistics(launch: Launch) -> AbstractAsyncContextManager[Statistics]:
    """Statistics of usage."""
    from crawdad.app import stored

    return stored.open_statistics(launch)


def open_sessions(launch: Launch) -> AbstractAsyncContextManager[InstalledSessions]:
    """The conversations with agents."""
    from crawdad.app import stored_sessions

    return stored_sessions.open_sessions(launch)


def open_jobs(launch: Launch) -> AbstractAsyncContextManager[Jobs]:
    """The jobs."""
    from crawdad.app import stored

    return stored.open_jobs(launch)


async def has_database(launch: Launch) -> bool:
    """Whether there is a database already; the first start makes one."""
    from crawdad.app import stored

    return await stored.has_database(launch)


def open_accounts(launch: Launch) -> AbstractAsyncContextManager[AccountServices]:
    """The accounts."""
    from crawdad.app import stored

    return stored.open_accounts(launch)


async def check_database(launch: Launch) -> str:
    """Look whether the database opens and is whole: what it is, for people. Raises `GatewayError`."""
    from crawdad.app import stored

    return await stored.check_database(launch)
