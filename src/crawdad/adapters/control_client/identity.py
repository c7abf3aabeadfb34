"""The device that the command line is: a key pair in the home directory, and the tokens that gateways gave it.

The files are spelled like OpenClaw's (`identity/device.json`, `identity/device-auth.json`), but for the tokens, which are kept
by the gateway that they are for.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from crawdad.core.parts import JsonObject
from crawdad.wire.control.client import Introduction, connect_params, text_to_sign
from crawdad.wire.control.device import Proof, device_id, spelled


@dataclass(frozen=True)
class DeviceIdentity:
    """A device and its key."""

    id: str
    public_key: str
    _key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, key: Ed25519PrivateKey) -> DeviceIdentity:
        """The device with this key."""
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(device_id(raw), spelled(raw), key)

    def connect(self, introduction: Introduction, nonce: str) -> JsonObject:
        """The params of a `connect`, signed for the challenge `nonce`."""
        at = int(time.time() * 1000)
        signature = spelled(self._key.sign(text_to_sign(introduction, self.id, at, nonce).encode()))
        return connect_params(introduction, Proof(self.id, self.public_key, signature, at, nonce))


class IdentityFiles:
    """The two files, in `folder`. They are made when they are needed first, for their owner alone."""

    def __init__(self, folder: Path) -> None:
        self._device = folder / "device.json"
        self._tokens = folder / "device-auth.json"

    def device(self) -> DeviceIdentity:
        """The device, made where there is none. Raises OSError, and ValueError for a file that holds no key."""
        try:
            text = self._device.read_text(encoding="utf-8")
        except FileNotFoundError:
            return self._make()
        key = load_pem_private_key(str(json.loads(text)["privateKeyPem"]).encode(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{self._device} holds no Ed25519 key")
        return DeviceIdentity.of(key)

    def token(self, gateway: str) -> str:
        """What the gateway at that address gave the device; empty where it gave nothing."""
        found = self._read().get(gateway)
        return str(found.get("token") or "") if isinstance(found, dict) else ""

    def keep(self, gateway: str, auth: JsonObject) -> None:
        """Keep what a gateway gave (`auth` of its welcome); an empty one forgets the old."""
        tokens = self._read()
        if auth.get("deviceToken"):
            given = {"token": auth["deviceToken"], "role": auth.get("role"), "scopes": auth.get("scopes")}
            if {name: (tokens.get(gateway) or {}).get(name) for name in given} == given:
                return
            tokens[gateway] = {**given, "updatedAtMs": int(time.time() * 1000)}
        elif tokens.pop(gateway, None) is None:
            return
        _write(self._tokens, {"version": 1, "tokens": tokens})

    def _make(self) -> DeviceIdentity:
        key = Ed25519PrivateKey.generate()
        made = DeviceIdentity.of(key)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(
            self._device,
            {
                "version": 1,
                "deviceId": made.id,
                "publicKeyPem": public.decode(),
                "privateKeyPem": private.decode(),
                "createdAtMs": int(time.time() * 1000),
            },
        )
        return made

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self._tokens.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        tokens = document.get("tokens") if isinstance(document, dict) else None
        return dict(tokens) if isinstance(tokens, dict) else {}


def _write(path: Path, document: JsonObject) -> None:
    """Put a file in place in one step, readable by its owner alone."""
    for folder in (path.parent.parent, path.parent):  # the home, too: `parents` are made readable by everybody
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(document, indent=2) + "\n")
        os.replace(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
