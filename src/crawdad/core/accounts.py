"""Accounts: the credentials for model providers that the operator owns, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from crawdad.core.budgets import Budget
from crawdad.core.secret import Secret
from crawdad.core.settings import Api

AccountKind = Literal["api_key", "google_oauth", "vertex_service_account", "none"]
"""How an account proves itself. `none`: a local server that asks for nothing."""

SchedulingMode = Literal["CacheFirst", "Balance", "PerformanceFirst"]


@dataclass(frozen=True, slots=True)
class ModelQuota:
    """What is left of one model: `percentage` 0-100; `reset_time` in RFC 3339 (UTC), empty where nobody said."""

    name: str
    percentage: int
    reset_time: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of an account. `updated_at` in Unix seconds; `forbidden`: the last check was refused (401, 403)."""

    models: tuple[ModelQuota, ...] = ()
    updated_at: float = 0.0
    plan: str | None = None
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """One credential. Times are Unix seconds; `secret` is the key, the refresh token or the service account's JSON.

    `label` is what people call it (the e-mail address where it has one); it is unique. `provider` is the id of the
    provider whose models it gives (an entry of `models.providers`, or one that the accounts bring themselves: then `api` and
    `base_url` say how it is reached). `disabled`: the vendor no longer takes the credential; `paused`: the operator
    switched it off. `position` is its place in the operator's order: smaller is used first. `extra`
    holds what its kind needs beside the secret (`project`, `location`, `client_id`).
    """

    id: str
    provider: str
    kind: AccountKind
    label: str
    secret: Secret | None
    created_at: float
    position: int = 0
    name: str | None = None
    api: Api | None = None
    base_url: str | None = None
    models: tuple[str, ...] = ()
    """The models it may serve, `*` allowed; empty: all of the provider."""
    weight: float = 1.0
    plan: str | None = None
    limits: tuple[Budget, ...] = ()
    """What the operator says that the vendor allows."""
    disabled_reason: str | None = None
    disabled_at: float | None = None
    paused_reason: str | None = None
    paused_at: float | None = None
    protected_models: tuple[str, ...] = ()
    quota: Quota | None = None
    extra: dict[str, str] = field(default_factory=dict)
    last_used_at: float | None = None

    @property
    def usable(self) -> bool:
        """Whether it takes part in serving requests at all."""
        return self.disabled_at is None and self.paused_at is None
