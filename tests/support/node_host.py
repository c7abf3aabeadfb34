"""A headless node host as OpenClaw's is one: a device in the role `node` that runs programs which its own list allows or an
operator has approved."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from tests.support.control import Client, Device, Frame, connect_params, opened
from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

NODE_CLIENT = {"id": "node-host", "version": "2026.2.26", "platform": "linux", "mode": "node", "displayName": "Shed"}
COMMANDS = ("system.run", "system.which", "system.execApprovals.get", "system.execApprovals.set")


def node_params(gateway: Gateway, **more: Any) -> Frame:
    """The params of a node's connect."""
    params = connect_params(gateway.token, (), NODE_CLIENT, role="node", caps=["system"], commands=list(COMMANDS))
    return {**params, "pathEnv": "/usr/bin", "permissions": {"screenRecording": False}, **more}


class NodeHost:
    """The host: answers commands in a thread until it is left. `seen` are the requests that came."""

    def __init__(self, client: Client, device: Device) -> None:
        self.client = client
        self.device = device
        self.seen: list[Frame] = []
        self.file: Frame = {"version": 1, "defaults": {"security": "allowlist"}, "agents": {}}
        self.allowed: set[str] = set()
        """Programs that run unasked."""
        self.answer: Callable[[Frame], Frame | None] = self._answer
        self.heard = Event()
        self._thread = Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.client.socket.close()
        self._thread.join(PATIENCE)

    def _work(self) -> None:
        while True:
            try:
                frame = self.client.receive(600)
            except Exception:  # the connection has ended, and with it the host
                return
            if frame.get("event") != "node.invoke.request":
                self.client.events.append(frame)
                self.heard.set()
                continue
            self.seen.append(frame)
            answer = self.answer(frame["payload"])
            if answer is not None:
                params = {"id": frame["payload"]["id"], "nodeId": self.device.id, **answer}
                self.client.send(
                    {"type": "req", "id": f"a{len(self.seen)}", "method": "node.invoke.result", "params": params}
                )

    def _answer(self, asked: Frame) -> Frame | None:
        params = json.loads(asked.get("paramsJSON") or "{}")
        if asked["command"] == "system.which":
            found = {name: shutil.which(name) for name in params["bins"]}
            return {"ok": True, "payloadJSON": json.dumps({"bins": found})}
        if asked["command"] == "system.execApprovals.get":
            return {"ok": True, "payload": self._shown()}
        if asked["command"] == "system.execApprovals.set":
            if params.get("baseHash") != self._shown()["hash"]:
                return {"ok": False, "error": {"code": "INVALID_REQUEST", "message": "base hash mismatch"}}
            self.file = params["file"]
            return {"ok": True, "payload": self._shown()}
        if params["command"][0] not in self.allowed and params.get("approved") is not True:
            message = "SYSTEM_RUN_DENIED: approval required"
            return {"ok": False, "error": {"code": "UNAVAILABLE", "message": message}}
        done = subprocess.run(params["command"], capture_output=True, text=True, timeout=PATIENCE, check=False)
        payload = {"exitCode": done.returncode, "stdout": done.stdout, "stderr": done.stderr, "success": True}
        return {"ok": True, "payloadJSON": json.dumps(payload)}

    def _shown(self) -> Frame:
        text = json.dumps(self.file, sort_keys=True)
        return {"path": "/x.json", "exists": True, "hash": hashlib.sha256(text.encode()).hexdigest(), "file": self.file}


@contextmanager
def node_host(
    gateway: Gateway, device: Device | None = None, source: str | None = None, **more: Any
) -> Iterator[NodeHost]:
    """A node that has come in."""
    device = device or Device()
    with opened(gateway, source=source) as client:
        client.connect(node_params(gateway, **more), device)
        host = NodeHost(client, device)
        host.start()
        try:
            yield host
        finally:
            host.stop()
