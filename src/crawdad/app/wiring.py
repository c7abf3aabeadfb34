"""Putting the parts together: stand-in with the interface that the commands need, replaced when the branches meet."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from crawdad.app.commands.backends import Configuration, ExchangeLog, Keys
from crawdad.app.launch import Launch


def open_configuration(launch: Launch) -> AbstractAsyncContextManager[Configuration]:
    raise NotImplementedError


def open_keys(launch: Launch) -> AbstractAsyncContextManager[Keys]:
    raise NotImplementedError


def open_exchange_log(launch: Launch) -> AbstractAsyncContextManager[ExchangeLog]:
    raise NotImplementedError


async def check_database(launch: Launch) -> str:
    raise NotImplementedError
