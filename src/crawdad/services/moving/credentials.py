"""OpenClaw's credentials (`auth-profiles.json`, and `auth.json` before it), read as accounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.text import Text


@dataclass(frozen=True, slots=True)
class Credential:
    """One profile. `entry` is an account to be made of it (`services.accounts.documents`); without one `reason` says why."""

    name: str
    entry: JsonObject | None = field(default=None, repr=False)
    reason: Text | None = None


def read_profiles(document: Any) -> Iterator[Credential]:
    """The profiles of a file, in both of its shapes; what is no profile is passed over."""
    if not isinstance(document, dict):
        return
    profiles = document.get("profiles")
    for name, profile in (profiles if isinstance(profiles, dict) else document).items():
        if isinstance(profile, dict) and isinstance(name, str) and ("type" in profile or "mode" in profile):
            yield _credential(name, profile)


def _credential(name: str, profile: JsonObject) -> Credential:
    kind = profile.get("type") or profile.get("mode")
    provider = profile.get("provider") or name.partition(":")[0]
    if not isinstance(provider, str) or not provider:
        return Credential(name, reason=Text("moving.no_provider"))
    reference = profile.get("keyRef") or profile.get("tokenRef")
    secret = profile.get("key") if kind == "api_key" else profile.get("token") if kind == "token" else None
    if isinstance(secret, str) and secret.startswith("${") and secret.endswith("}"):
        return Credential(name, reason=Text("moving.by_variable", {"variable": secret[2:-1]}))
    if isinstance(secret, str) and secret.strip():
        return Credential(name, {"provider": provider, "label": name, "secret": secret.strip()})
    if isinstance(reference, dict):
        where = str(reference.get("id") or "?")
        return Credential(name, reason=Text("moving.by_variable", {"variable": where}))
    if kind == "oauth":
        return Credential(name, reason=Text("moving.sign_in", {"provider": provider}))
    return Credential(name, reason=Text("moving.no_secret"))
