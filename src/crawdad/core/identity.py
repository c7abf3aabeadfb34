"""Who is asking, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from crawdad.core.budgets import Budget
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.networks import contains
from crawdad.core.patterns import matches
from crawdad.core.text import Text


class Permission(StrEnum):
    """What a principal may be allowed to do. A child principal never holds one that its parent lacks."""

    MODELS_USE = "models.use"
    AGENTS_USE = "agents.use"
    """To talk to agents, in sessions and with jobs of one's own."""
    AGENTS_MANAGE = "agents.manage"
    """To see and change everybody's sessions, jobs and approvals."""
    TOOLS_INVOKE = "tools.invoke"
    METRICS_READ = "metrics.read"
    SYSTEM_READ = "system.read"
    CONFIG_READ = "config.read"
    CONFIG_WRITE = "config.write"
    KEYS_MANAGE = "keys.manage"
    SECRETS_READ = "secrets.read"
    ACCOUNTS_READ = "accounts.read"
    ACCOUNTS_MANAGE = "accounts.manage"
    LOGS_READ = "logs.read"
    LOGS_MANAGE = "logs.manage"
    STATISTICS_READ = "statistics.read"
    STATISTICS_MANAGE = "statistics.manage"
    USAGE_OWN = "usage.own"
    """To see what was done with this very key: its part of the log and of the statistics."""
    SYSTEM_MANAGE = "system.manage"


EVERYTHING: frozenset[Permission] = frozenset(Permission)
KEY_DEFAULT: frozenset[Permission] = frozenset({Permission.MODELS_USE, Permission.AGENTS_USE})

PrincipalKind = Literal["api_key", "token", "admin", "local", "system"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a principal may use. Empty `models` means every model; entries may contain `*`. None means no limit.

    `providers` are provider ids (`*` allowed), `protocols` those the client may speak (`openai-chat`,
    `anthropic-messages`, …), `networks` where it may come from (addresses or CIDR); empty means any. `within` are the limits
    of the keys that it descends from: they hold as well. `budgets` of a principal at work include those of its ancestors,
    and its limits by the minute.
    """

    models: tuple[str, ...] = ()
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    providers: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    budgets: tuple[Budget, ...] = ()
    within: tuple[Limits, ...] = ()

    @property
    def restricts_models(self) -> bool:
        """Whether there are models that may not be used."""
        return bool(self.models) or any(outer.models for outer in self.within)

    def allow_model(self, names: Iterable[str]) -> bool:
        """Whether any of the `names` of one model (as asked for, as resolved) is on the list."""
        if not self.models and not self.within:
            return True
        known = tuple(names)
        return all(_listed(limits.models, known) for limits in (self, *self.within))

    def allow_provider(self, provider: str) -> bool:
        """Whether requests may go to that provider."""
        return all(_listed(limits.providers, (provider,)) for limits in (self, *self.within))

    def allow_protocol(self, protocol: str) -> bool:
        """Whether the client may speak that protocol."""
        return all(not limits.protocols or protocol in limits.protocols for limits in (self, *self.within))

    def allow_address(self, address: str) -> bool:
        """Whether the client may come from there."""
        return all(not limits.networks or contains(limits.networks, address) for limits in (self, *self.within))


def _listed(patterns: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return not patterns or any(matches(pattern, name) for name in names for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever is asking, however they proved it. `id` is stable and safe to log; `expires_at` is in Unix seconds."""

    id: str
    kind: PrincipalKind
    name: str = ""
    permissions: frozenset[Permission] = KEY_DEFAULT
    limits: Limits = field(default_factory=Limits)
    expires_at: float | None = None
    owner: str = ""
    """Whose it is: a person or program, in the operator's words."""

    def need(self, permission: Permission) -> None:
        """Raise FORBIDDEN unless this principal holds `permission`."""
        if permission not in self.permissions:
            raise GatewayError(
                ErrorKind.FORBIDDEN, Text("identity.forbidden", {"permission": permission.value}), {"code": "forbidden"}
            )

    def need_protocol(self, protocol: str) -> None:
        """Raise FORBIDDEN unless this principal may use models in that protocol."""
        self.need(Permission.MODELS_USE)
        if not self.limits.allow_protocol(protocol):
            text = Text("identity.protocol_forbidden", {"protocol": protocol})
            raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "protocol_not_allowed"})

    @property
    def rights_of_new_keys(self) -> frozenset[Permission]:
        """What a key may do that this principal makes without saying: the usual, as far as it holds that itself."""
        return KEY_DEFAULT & self.permissions
