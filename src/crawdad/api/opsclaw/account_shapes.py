"""The shapes of the account routes: what they take (camelCase) and what they answer (snake_case). Times are Unix seconds."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from crawdad.core.accounts import Account, Quota
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.accounts.devices import DeviceVersion
from crawdad.services.accounts.locks import Lock
from crawdad.services.accounts.refreshing import RefreshStats

MOST_IDS = 10_000
Ids = Annotated[list[Annotated[str, Field(max_length=256)]], Field(max_length=MOST_IDS)]


class Body(BaseModel):
    """A request's body: both spellings of a name are taken, what is not known is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class AccountId(Body):
    """One account, or none."""

    account_id: str = Field(max_length=256)


class PreferredAccount(Body):
    """The account to prefer; null: none."""

    account_id: str | None = Field(None, max_length=256)


class AccountIds(Body):
    """Several accounts."""

    account_ids: Ids


class NewLimit(Body):
    """At most `limit` of `unit` (usd, tokens, requests) in each `period` (minute, day, month, total)."""

    unit: str
    period: str
    limit: float


class NewAccount(Body):
    """An account to add: a `refreshToken` (with an OAuth client of one's own), a key of a `provider`, or a service account."""

    refresh_token: str | None = None
    provider: str | None = None
    kind: str | None = None
    api_key: str | None = None
    api: str | None = None
    base_url: str | None = None
    label: str | None = None
    email: str | None = None
    name: str | None = None
    project: str | None = None
    location: str | None = None
    service_account_json: str | dict[str, Any] | None = None
    models: list[str] | None = None
    limits: list[NewLimit] | None = None
    weight: float | None = None
    priority: int | None = Field(None, ge=-1_000_000, le=1_000_000)
    plan: str | None = None
    validate_: bool = Field(True, alias="validate")


class AccountChanges(Body):
    """What to change of an account; what is absent stays."""

    label: str | None = Field(None, min_length=1)
    name: str | None = None
    models: list[str] | None = None
    limits: list[NewLimit] | None = None
    weight: float | None = None
    priority: int | None = Field(None, ge=-1_000_000, le=1_000_000)
    plan: str | None = None


class Toggle(Body):
    """Whether an account serves requests; absent: the other way than now."""

    enable: bool | None = None
    reason: str | None = Field(None, max_length=2000)


class DeviceMode(Body):
    """`generate` or `capture`."""

    mode: str = "generate"


class ImportPath(Body):
    """A file below the data directory."""

    path: str | None = Field(None, max_length=4096)
    validate_: bool = Field(True, alias="validate")


class ExportWish(Body):
    """Which accounts to export (absent: all), and whether with their secrets."""

    account_ids: Ids | None = None
    secrets: bool = False


class ModelQuotaShape(TypedDict):
    """What is left of a model, in per cent."""

    name: str
    percentage: int
    reset_time: str


class QuotaShape(TypedDict):
    """What is left of an account."""

    models: list[ModelQuotaShape]
    last_updated: int
    subscription_tier: str | None
    is_forbidden: bool


class LockShape(TypedDict):
    """A rest of an account; an empty `model` means all of them."""

    model: str
    reason: str
    until: int
    failures: int


class LimitShape(TypedDict):
    """A declared limit."""

    unit: str
    period: str
    limit: float


class AccountShape(TypedDict):
    """An account. There is no secret in it."""

    id: str
    email: str
    name: str | None
    is_current: bool
    disabled: bool
    disabled_reason: str | None
    disabled_at: int | None
    proxy_disabled: bool
    proxy_disabled_reason: str | None
    proxy_disabled_at: int | None
    protected_models: list[str]
    quota: QuotaShape | None
    device_bound: bool
    last_used: int
    provider: str
    kind: str
    base_url: str | None
    api: str | None
    models: list[str]
    priority: int
    weight: float
    plan: str | None
    limits: list[LimitShape]
    created_at: int
    has_secret: bool
    is_preferred: bool
    rate_limits: list[LockShape]


class AccountList(TypedDict):
    """All accounts in their order."""

    accounts: list[AccountShape]
    current_account_id: str | None


class RefreshShape(TypedDict):
    """What came of a refresh."""

    total: int
    success: int
    failed: int
    details: list[str]


class ProgressShape(RefreshShape):
    """How far a refresh is."""

    running: bool
    done: int


class DeviceShape(TypedDict):
    """A device identity."""

    machine_id: str
    mac_machine_id: str
    dev_device_id: str
    sqm_id: str


class DeviceVersionShape(TypedDict):
    """One version of it."""

    id: str
    created_at: int
    label: str
    profile: DeviceShape
    is_current: bool


class DevicesShape(TypedDict):
    """The device identities of an account."""

    current_storage: DeviceShape | None
    bound_profile: DeviceShape | None
    history: list[DeviceVersionShape]
    baseline: DeviceShape | None


class BoundShape(TypedDict):
    """What became of a binding."""

    success: bool
    message: str
    device_profile: DeviceShape


class Done(TypedDict):
    """It is done."""

    success: bool


class Deleted(TypedDict):
    """How many were deleted."""

    success: bool
    deleted: int


class Order(TypedDict):
    """The order of all accounts."""

    success: bool
    account_ids: list[str]


class Cleared(TypedDict):
    """How many there were."""

    success: bool
    cleared: int


def quota_shape(quota: Quota) -> QuotaShape:
    """A quota as the contract tells it."""
    return {
        "models": [
            {"name": model.name, "percentage": model.percentage, "reset_time": model.reset_time}
            for model in quota.models
        ],
        "last_updated": int(quota.updated_at),
        "subscription_tier": quota.plan,
        "is_forbidden": quota.forbidden,
    }


def account_shape(
    account: Account,
    quota: Quota | None,
    protected: tuple[str, ...],
    locks: list[Lock],
    marks: tuple[bool, bool, bool],
) -> AccountShape:
    """An account as the contract tells it. `marks`: whether it is current, preferred, has a device identity."""
    current, preferred, bound = marks
    return {
        "id": account.id,
        "email": account.label,
        "name": account.name,
        "is_current": current,
        "disabled": account.disabled_at is not None,
        "disabled_reason": account.disabled_reason,
        "disabled_at": _seconds(account.disabled_at),
        "proxy_disabled": account.paused_at is not None,
        "proxy_disabled_reason": account.paused_reason,
        "proxy_disabled_at": _seconds(account.paused_at),
        "protected_models": list(protected),
        "quota": None if quota is None else quota_shape(quota),
        "device_bound": bound,
        "last_used": int(account.last_used_at or account.created_at),
        "provider": account.provider,
        "kind": account.kind,
        "base_url": account.base_url,
        "api": account.api,
        "models": list(account.models),
        "priority": account.position,
        "weight": account.weight,
        "plan": account.plan,
        "limits": [{"unit": one.unit, "period": one.period, "limit": one.limit} for one in account.limits],
        "created_at": int(account.created_at),
        "has_secret": account.secret is not None,
        "is_preferred": preferred,
        "rate_limits": [
            {"model": lock.key[1], "reason": lock.reason, "until": int(lock.until), "failures": lock.failures}
            for lock in locks
        ],
    }


def refresh_shape(stats: RefreshStats) -> RefreshShape:
    """The outcome of a refresh."""
    return {"total": stats.total, "success": stats.success, "failed": stats.failed, "details": list(stats.details)}


def device_shape(profile: Any) -> DeviceShape:
    """A device identity."""
    return {
        "machine_id": profile["machine_id"],
        "mac_machine_id": profile["mac_machine_id"],
        "dev_device_id": profile["dev_device_id"],
        "sqm_id": profile["sqm_id"],
    }


def version_shape(version: DeviceVersion) -> DeviceVersionShape:
    """One version of a device identity."""
    return {
        "id": version.id,
        "created_at": int(version.created_at),
        "label": version.label,
        "profile": device_shape(version.profile),
        "is_current": version.is_current,
    }


def missing(field: str) -> GatewayError:
    """A body without a field that it needs: not of the right shape."""
    text = Text("http.invalid", {"faults": f"{field}: Field required"})
    return GatewayError(ErrorKind.BAD_REQUEST, text, {"code": "invalid_request", "param": field})


def _seconds(moment: float | None) -> int | None:
    return None if moment is None else int(moment)
