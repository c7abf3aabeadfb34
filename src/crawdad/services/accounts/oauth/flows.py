"""One sign-in from its beginning to its end: what it is, and how it may change. Pure.

pending ──claim──▶ working ──▶ complete | failed
   ├──▶ cancelled
   └──▶ expired (nobody came in time)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from crawdad.core.identity import Principal
from crawdad.core.secret import Secret
from crawdad.core.text import Text

Method = Literal["loopback", "web", "device"]
"""How the answer comes back: to a port of this machine, to this gateway's own page, or by asking for it."""
Status = Literal["pending", "working", "complete", "failed", "cancelled", "expired"]

LIFE_SECONDS = 600.0
KEPT_SECONDS = 600.0
"""How long it can still be asked what became of a sign-in."""
_SLOWER_SECONDS = 5
"""By how much the provider's `slow_down` makes the interval longer (RFC 8628, 3.5)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the account shall be. Without `location` it is for the Gemini API, with one for a project on Vertex AI."""

    project: str | None = None
    location: str | None = None
    provider: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceCodes:
    """What the person needs to let the device in, and the secret with which it is asked for. `interval` is in seconds."""

    device_code: Secret
    user_code: str
    verification_url: str
    complete_url: str | None
    interval: int


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in. Times are Unix seconds; `state` is its secret name, which the consent page sends back."""

    state: str
    method: Method
    url: str
    redirect_uri: str
    verifier: Secret
    created_at: float
    expires_at: float
    started_by: Principal
    wish: Wish = field(default_factory=Wish)
    status: Status = "pending"
    problem: Text | None = None
    account_id: str | None = None
    device: DeviceCodes | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in ("pending", "working")

    def at(self, now: float) -> Flow:
        """What it is at a time: one that nobody finished has expired."""
        if self.over or now < self.expires_at:
            return self
        words = "oauth.expired" if self.status == "pending" else "oauth.interrupted"
        return self._ended("expired", Text(words))

    def claimed(self) -> Flow:
        """The code has come."""
        return replace(self, status="working")

    def completed(self, account_id: str) -> Flow:
        """The account is kept."""
        return replace(self._ended("complete", None), account_id=account_id)

    def failed(self, problem: Text) -> Flow:
        """It cannot be finished."""
        return self._ended("failed", problem)

    def cancelled(self) -> Flow:
        """Nobody wants it any more."""
        return self._ended("cancelled", Text("oauth.cancelled"))

    def slower(self) -> Flow:
        """The provider wants to be asked less often."""
        assert self.device is not None
        return replace(self, device=replace(self.device, interval=self.device.interval + _SLOWER_SECONDS))

    def _ended(self, status: Status, problem: Text | None) -> Flow:
        """What is secret is not needed any more."""
        device = None if self.device is None else replace(self.device, device_code=Secret(""))
        return replace(self, status=status, problem=problem, verifier=Secret(""), device=device)


def to_document(flow: Flow) -> dict[str, Any]:
    """A flow as JSON. It holds secrets."""
    device = flow.device
    return {
        "state": flow.state,
        "method": flow.method,
        "url": flow.url,
        "redirect_uri": flow.redirect_uri,
        "verifier": flow.verifier.reveal(),
        "created_at": flow.created_at,
        "expires_at": flow.expires_at,
        "started_by": [flow.started_by.id, flow.started_by.kind, flow.started_by.name],
        "wish": [flow.wish.project, flow.wish.location, flow.wish.provider, flow.wish.name],
        "status": flow.status,
        "problem": None if flow.problem is None else [flow.problem.key, _plain(flow.problem.values)],
        "account_id": flow.account_id,
        "device": None
        if device is None
        else [
            device.device_code.reveal(),
            device.user_code,
            device.verification_url,
            device.complete_url,
            device.interval,
        ],
    }


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """A text's values, nested texts in English: what is kept for ten minutes need not be told in two languages."""
    return {key: value.render() if isinstance(value, Text) else str(value) for key, value in values.items()}


def from_document(document: Mapping[str, Any]) -> Flow:
    """The flow that `to_document` wrote."""
    by, problem, device = document["started_by"], document["problem"], document["device"]
    return Flow(
        document["state"],
        document["method"],
        document["url"],
        document["redirect_uri"],
        Secret(document["verifier"]),
        document["created_at"],
        document["expires_at"],
        Principal(by[0], by[1], by[2], frozenset()),
        Wish(*document["wish"]),
        document["status"],
        None if problem is None else Text(problem[0], problem[1]),
        document["account_id"],
        None if device is None else DeviceCodes(Secret(device[0]), *device[1:]),
    )
