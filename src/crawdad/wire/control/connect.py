"""The `connect` request: what a client must say of itself, in versions 3 and 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.wire.control.device import Proof, Signed
from crawdad.wire.control.schema import BOOLEAN, FILLED, STRING, closed, integer, problems_of, words

CLIENT_IDS = (
    *("webchat-ui", "openclaw-control-ui", "webchat", "cli", "gateway-client", "openclaw-macos", "openclaw-ios"),
    *("openclaw-android", "node-host", "test", "fingerprint", "openclaw-probe"),
    *("openclaw-browser-copilot", "openclaw-tui", "openclaw-linux", "openclaw-watchos", "openclaw-worker"),
)
CLIENT_MODES = ("webchat", "cli", "ui", "backend", "node", "probe", "test", "worker")
BROWSER_CLIENTS = frozenset(("openclaw-control-ui", "webchat-ui", "webchat"))
CONTROL_UI = "openclaw-control-ui"

_LONGEST = 4096


def _short(most: int) -> JsonObject:
    return {"type": "string", "minLength": 1, "maxLength": most}


_CLIENT = closed(
    {
        "id": words(*CLIENT_IDS),
        "displayName": FILLED,
        "version": FILLED,
        "platform": FILLED,
        "deviceFamily": FILLED,
        "modelIdentifier": FILLED,
        "mode": words(*CLIENT_MODES),
        "instanceId": FILLED,
        "buildId": _short(96),
        "timeZone": _short(64),
    },
    "id",
    "version",
    "platform",
    "mode",
)
_DEVICE = closed(
    {"id": FILLED, "publicKey": FILLED, "signature": FILLED, "signedAt": integer(0), "nonce": FILLED},
    "id",
    "publicKey",
    "signature",
    "signedAt",
    "nonce",
)
_AUTH = closed(
    {
        name: STRING
        for name in (
            *("token", "password", "deviceToken", "bootstrapToken", "approvalRuntimeToken"),
            "agentRuntimeIdentityToken",
        )
    }
)
CONNECT = closed(
    {
        "minProtocol": integer(1),
        "maxProtocol": integer(1),
        "client": _CLIENT,
        "caps": {"type": "array", "items": FILLED},
        "commands": {"type": "array", "items": FILLED},
        "permissions": {"type": "object", "additionalProperties": BOOLEAN},
        "pathEnv": STRING,
        "role": FILLED,
        "scopes": {"type": "array", "items": FILLED},
        "device": _DEVICE,
        "auth": _AUTH,
        "locale": STRING,
        "userAgent": STRING,
    },
    "minProtocol",
    "maxProtocol",
    "client",
)


@dataclass(frozen=True, slots=True)
class Connect:
    """Who connects, by its own account. Credentials are not part of the representation."""

    least: int
    most: int
    client: JsonObject
    role: str
    scopes: tuple[str, ...]
    caps: tuple[str, ...]
    commands: tuple[str, ...]
    permissions: JsonObject
    path_env: str
    proof: Proof | None
    _auth: JsonObject
    locale: str = ""

    def __repr__(self) -> str:
        return f"Connect({self.client_id}, {self.role})"

    @property
    def client_id(self) -> str:
        """Which program it is."""
        return str(self.client["id"])

    @property
    def mode(self) -> str:
        """What it is used as."""
        return str(self.client["mode"])

    def said(self, name: str) -> str:
        """What the client says of itself by that name; empty where it says nothing."""
        return str(self.client.get(name, ""))

    def credential(self, name: str) -> str:
        """One of the credentials (`token`, `password`, `deviceToken`); empty where there is none."""
        return str(self._auth.get(name) or "").strip()

    def signed(self, *, token: str) -> Signed:
        """What the device's signature covers besides its proof."""
        client = self.client
        return Signed(
            self.client_id,
            self.mode,
            self.role,
            self.scopes,
            token,
            str(client["platform"]),
            str(client.get("deviceFamily", "")),
        )

    def signed_tokens(self) -> tuple[str, ...]:
        """The tokens that the signature may cover: `auth.token` alone, or the first that was given."""
        plain = str(self._auth.get("token") or "")
        first = next((str(self._auth[n]) for n in ("token", "deviceToken", "bootstrapToken") if self._auth.get(n)), "")
        return (plain,) if plain == first else (plain, first)


def read_connect(params: Any) -> Connect | str:
    """The connect of these params, or what is wrong with them."""
    problems = problems_of(CONNECT, params)
    if problems:
        return problems
    device = params.get("device")
    proof = None
    if device is not None:
        proof = Proof(
            device["id"], device["publicKey"], device["signature"], int(device["signedAt"]), device.get("nonce")
        )
    return Connect(
        int(params["minProtocol"]),
        int(params["maxProtocol"]),
        {name: value[:_LONGEST] for name, value in params["client"].items()},
        params.get("role", "operator"),
        tuple(params.get("scopes", ())),
        tuple(params.get("caps", ())),
        tuple(params.get("commands", ())),
        params.get("permissions", {}),
        params.get("pathEnv", "")[:_LONGEST],
        proof,
        params.get("auth", {}),
        params.get("locale", "")[:_LONGEST],
    )
