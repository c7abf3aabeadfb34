"""Probes of what the gateway is made of: its inside, channels, cron, accounts and those who serve models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping

from crawdad.core.channel_settings import DEFAULT_ACCOUNT
from crawdad.core.channels import Account, ChannelKind
from crawdad.core.health import Finding, HealthLevel
from crawdad.core.ports import Clock
from crawdad.core.text import Names, Text
from crawdad.services.accounts.pool import Pool
from crawdad.services.channels.host import ChannelHost
from crawdad.services.health.judging import above, judged
from crawdad.services.lifecycle import State

_CHANNEL_LEVELS: Mapping[str, HealthLevel] = {"degraded": "degraded", "needs_login": "down", "error": "down"}
_FAILING = 0.2
"""Of an account's health: three failures in a row are below."""
_SHOWN = 5


class InsideProbe:
    """Whether the inside is at work. While it is entered or left, nothing is wrong."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    async def look(self) -> Mapping[str, Finding]:
        """As it is now."""
        state = self._state()
        level: HealthLevel = "down" if state == "failed" else "degraded" if state == "stopped" else "ok"
        return {"inside": judged(level, None, "health.inside", state=state)}


def reconnectable(host: ChannelHost | None, now: float) -> list[Account]:
    """The accounts of channels that are not connected, and that another attempt may help: nobody has to sign in first."""
    if host is None:
        return []
    accounts = [account for kind in host.kinds for account in host.accounts(kind.id) if host.is_running(account)]
    return [account for account in accounts if host.status(account).state(now) in ("degraded", "error")]


def unconnected(host: ChannelHost | None, now: float, names: Collection[str]) -> list[str]:
    """Those of the named accounts that are at work here and have shown no sign of life since they were begun: one that is still
    starting may yet fail."""
    if host is None:
        return []
    accounts = [account for kind in host.kinds for account in host.accounts(kind.id) if host.is_running(account)]
    waits = ("starting", "degraded", "error", "needs_login")
    return [str(each) for each in accounts if str(each) in names and host.status(each).state(now) in waits]


class ChannelProbe:
    """Whether the channels are connected. `host` says None while there are none."""

    def __init__(self, host: Callable[[], ChannelHost | None], clock: Clock) -> None:
        self._host = host
        self._clock = clock

    async def look(self) -> Mapping[str, Finding]:
        """The figure counts those that are not; the part is as bad as its worst account. Accounts that another process runs
        are that one's matter."""
        host = self._host()
        if host is None:
            return {}
        now, names, levels = self._clock.now(), list[tuple[str, str]](), list[HealthLevel]()
        for kind in host.kinds:
            for account in host.accounts(kind.id):
                status = host.status(account)
                level = "ok" if status.elsewhere else _CHANNEL_LEVELS.get(status.state(now), "ok")
                if level != "ok":
                    names.append(_called(kind, account, host.name(account)))
                    levels.append(level)
        level = max(levels, key=("degraded", "down").index, default="ok")
        more = [("…", "…")] if len(names) > _SHOWN else []
        shown = Names((*sorted(names)[:_SHOWN], *more))
        return {"channels": judged(level, len(names), "health.channels", names=shown)}


class CronProbe:
    """Whether jobs begin at their times. `next_time`: when the next is due, Unix milliseconds; `at_work`: whether jobs are done
    at all."""

    def __init__(
        self, next_time: Callable[[], Awaitable[int | None]], at_work: Callable[[], bool], clock: Clock
    ) -> None:
        self._next_time = next_time
        self._at_work = at_work
        self._clock = clock

    async def look(self) -> Mapping[str, Finding]:
        """The figure is by how many seconds the next one is late."""
        if not self._at_work():
            return {}
        upcoming = await self._next_time()
        late = max(0.0, self._clock.now() - upcoming / 1000) if upcoming is not None else 0.0
        return {"cron": judged(above(late, 300.0, 3600.0), round(late), "health.cron", seconds=round(late))}


class AccountProbe:
    """Whether every provider that has accounts has one that may serve, and one that does not just fail."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def look(self) -> Mapping[str, Finding]:
        """The figures count providers."""
        without: list[str] = []
        failing: list[str] = []
        wanted = 0
        for provider, accounts in self._pool.snapshot.by_provider.items():
            meant = [account for account in accounts if account.paused_at is None]
            usable = [account for account in meant if account.usable]
            wanted += bool(meant)
            if meant and not usable:
                without.append(provider)
            elif usable and all(self._pool.health.of(account.id) < _FAILING for account in usable):
                failing.append(provider)
        return {
            "accounts": _of_providers(without, wanted, "health.accounts"),
            "upstreams": _of_providers(failing, wanted, "health.upstreams"),
        }


def _of_providers(bad: list[str], wanted: int, key: str) -> Finding:
    level: HealthLevel = "ok" if not bad else "down" if len(bad) == wanted else "degraded"
    return Finding(level, len(bad), Text(key, {"names": _named(bad)}) if bad else None)


def _called(kind: ChannelKind, account: Account, name: str) -> tuple[str, str]:
    """An account of a channel as people know it: the only one goes by its channel's name alone."""
    own = name or ("" if account.name == DEFAULT_ACCOUNT else account.name)
    english, chinese = kind.label
    return (f"{english} ({own})", f"{chinese}（{own}）") if own else (english, chinese)


def _named(names: list[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:_SHOWN]) + (", …" if len(shown) > _SHOWN else "")
