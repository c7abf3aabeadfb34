"""A folder as an OpenClaw (2026.2) leaves it: its configuration, agents, sessions, jobs, devices, skills and credentials."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tests.support.control import ALL_SCOPES, Device

PHONE = Device(bytes(range(32)))
MAIN_LOG = "774c963b-73e9-4c48-8f10-c8cf232495b3"
GROUP_LOG = "0a4f7e52-1111-4222-8333-944455556666"
OLD_LOG = "5d0c1f10-aaaa-4bbb-8ccc-dddddddddddd"
BETA_LOG = "be7a0000-0000-4000-8000-000000000001"
JOB = "29261778-5b5f-4c41-9d3a-1b0c8d3e2f10"
CONFIGURATION = """\
// written by hand, years ago
{
  gateway: { port: 18789, auth: { mode: "token", token: "an-old-gateway-token" } },
  models: {
    providers: {
      acme: { baseUrl: "http://127.0.0.1:9/v1", apiKey: "${ACME_KEY}", api: "openai-completions",
              models: [{ id: "m1", name: "M1", contextWindow: 200000, maxTokens: 8192 }] },  // the cheap one
    },
  },
  agents: { $include: "./parts/agents.json5" },
  channels: { telegram: { enabled: false, botToken: "${TELEGRAM_TOKEN}" } },
  cron: { enabled: true },
  $include: ["./parts/session.json5"],
}
"""
AGENTS = """\
{
  // who works here
  defaults: { model: { primary: "acme/m1" }, workspace: "WORKSPACE" },
  list: [
    { id: "main", default: true, identity: { name: "Pinch", emoji: "🦞" } },
    { id: "Beta", name: "Beta", agentDir: "~/.openclaw/agents/beta/agent" },
  ],
}
"""
SESSION = '{ session: { scope: "per-sender", store: "~/.openclaw/agents/{agentId}/sessions/sessions.json" } }\n'
SKILL = """\
---
name: tides
description: Tells when the tide is low.
metadata: { "openclaw": { "emoji": "🌊" } }
---

Look into `tides.txt`.
"""
WEIXIN, WEIXIN_TOKEN = "b0f58-im-bot", "wx-secret-000001"


def make_openclaw_home(root: Path) -> Path:
    """The folder `root`, filled."""
    _write(root / "openclaw.json", CONFIGURATION)
    _write(root / "parts/agents.json5", AGENTS.replace("WORKSPACE", str(root / "workspace")))
    _write(root / "parts/session.json5", SESSION)
    _write(root / ".env", "# keys\nACME_KEY=acme-secret-000001\nexport TELEGRAM_TOKEN='123:telegram'\n")
    _write(root / "workspace/AGENTS.md", "# Pinch\n\nBe kind to crabs.\n")
    _write(root / "workspace/memory/2026-02-20.md", "- The user likes tea.\n")
    _write(root / "workspace/tool.sh", "#!/bin/sh\necho hi\n")
    (root / "workspace/tool.sh").chmod(0o755)
    (root / "workspace/secrets").symlink_to("/etc/passwd")
    _write(root / "workspace-beta/SOUL.md", "You are Beta.\n")
    make_sessions(root / "agents/main/sessions")
    _write(root / f"agents/beta/sessions/{BETA_LOG}.jsonl", transcript(BETA_LOG, ("hi beta", "hello from beta")))
    _json(root / "agents/beta/sessions/sessions.json", {"agent:beta:main": _entry(BETA_LOG)})
    make_profiles(root / "agents/main/agent/auth-profiles.json")
    _json(root / "cron/jobs.json", {"version": 1, "jobs": jobs()})
    _json(root / "devices/paired.json", {PHONE.id: paired_device()})
    _json(root / "devices/pending.json", {})
    _write(root / "skills/tides/SKILL.md", SKILL)
    _write(root / "skills/tides/tides.txt", "low at noon\n")
    _write(root / "skills/broken/README.md", "no skill\n")
    everybody = [{"pattern": "/usr/bin/git", "lastUsedAt": 1}, {"pattern": "~/bin/*"}, {"pattern": "rg"}]
    one = {"allowlist": [{"pattern": "/usr/bin/make"}], "security": "full"}
    defaults = {"security": "allowlist", "ask": "always", "askFallback": "full", "autoAllowSkills": True}
    approvals = {"version": 1, "defaults": defaults, "agents": {"*": {"allowlist": everybody}, "beta": one}}
    _json(root / "exec-approvals.json", approvals)
    _json(root / "credentials/telegram-allowFrom.json", {"version": 1, "allowFrom": ["telegram:42", "43", "*"]})
    _json(root / "credentials/telegram-pairing.json", {"version": 1, "requests": []})
    _json(root / "credentials/discord-allowFrom.json", {"version": 1, "allowFrom": ["7"]})
    _json(root / "openclaw-weixin/accounts.json", [WEIXIN, "../escape", "gone"])
    signed_in = {
        "token": WEIXIN_TOKEN,
        "savedAt": "2026-02-20",
        "baseUrl": "https://wx.example.com",
        "userId": "o9@im.wechat",
    }
    _json(root / f"openclaw-weixin/accounts/{WEIXIN}.json", signed_in)
    _json(root / f"openclaw-weixin/accounts/{WEIXIN}.sync.json", {"get_updates_buf": "cursor-17"})
    _json(root / "credentials/whatsapp/default/creds.json", {"me": "x"})
    return root


def make_sessions(folder: Path) -> None:
    """The sessions of the main agent: its own, a group's, one whose transcript is lost, and an earlier log of its own."""
    index = {
        "agent:main:main": _entry(MAIN_LOG, thinkingLevel="low", modelOverride="m1", providerOverride="acme"),
        "agent:main:telegram:group:-100123": _entry(
            GROUP_LOG,
            chatType="group",
            displayName="Crab fans",
            deliveryContext={"channel": "telegram", "to": "-100123", "accountId": "default", "threadId": 7},
        ),
        "agent:main:telegram:direct:42": _entry("10570000-0000-4000-8000-00000000dead"),
    }
    _json(folder / "sessions.json", index)
    _write(folder / f"{MAIN_LOG}.jsonl", transcript(MAIN_LOG, ("what is new?", "The lobster moved in.")))
    torn = transcript(GROUP_LOG, ("who is here?", "All of us.")) + '{"type":"message","id":"dead'
    _write(folder / f"{GROUP_LOG}.jsonl", torn)
    _write(folder / f"{OLD_LOG}.jsonl", transcript(OLD_LOG, ("an old question", "an old answer")))
    _write(folder / f"{OLD_LOG}.jsonl.reset.2026-02-01T00-00-00.000Z", "x\n")


def make_profiles(path: Path) -> None:
    """Credentials of every kind."""
    profiles = {
        "anthropic:default": {"type": "api_key", "provider": "anthropic", "key": "sk-ant-api03-0000000000000001"},
        "openai:work": {"type": "api_key", "provider": "openai", "key": "sk-proj-0000000000000000001"},
        "openai-codex:me": {"type": "oauth", "provider": "openai-codex", "access": "a", "refresh": "r", "expires": 1},
        "groq:env": {
            "type": "api_key",
            "provider": "groq",
            "keyRef": {"source": "env", "provider": "default", "id": "GROQ"},
        },
    }
    _json(path, {"version": 1, "profiles": profiles, "order": {}, "usageStats": {}})
    path.chmod(0o600)


def jobs() -> list[dict[str, Any]]:
    """Two jobs, and one that nobody can read."""
    return [
        {
            "id": JOB,
            "agentId": "main",
            "name": "Standup digest",
            "enabled": True,
            "createdAtMs": 1_770_000_000_000,
            "updatedAtMs": 1_770_000_000_000,
            "schedule": {"kind": "cron", "expr": "30 8 * * 1-5", "tz": "America/Bogota"},
            "sessionTarget": "isolated",
            "wakeMode": "now",
            "payload": {"kind": "agentTurn", "message": "List open tickets", "timeoutSeconds": 300},
            "delivery": {"mode": "announce", "channel": "last"},
            "state": {"nextRunAtMs": 1_770_100_000_000, "lastRunAtMs": 1_770_050_000_000, "lastStatus": "ok"},
        },
        {
            "id": "11111111-2222-4333-8444-555555555555",
            "name": "tick",
            "enabled": False,
            "schedule": {"kind": "every", "everyMs": 3_600_000, "anchorMs": 1_770_000_000_000},
            "sessionTarget": "main",
            "wakeMode": "next-heartbeat",
            "payload": {"kind": "systemEvent", "text": "tick"},
            "state": {},
        },
        {
            "id": "bad",
            "name": "nonsense",
            "schedule": {"kind": "moon"},
            "payload": {"kind": "systemEvent", "text": "x"},
        },
    ]


def paired_device() -> dict[str, Any]:
    """A phone that was let in."""
    return {
        "deviceId": PHONE.id,
        "publicKey": PHONE.public_key,
        "displayName": "Ann's phone",
        "platform": "ios",
        "clientId": "openclaw-ios",
        "clientMode": "ui",
        "role": "operator",
        "roles": ["operator"],
        "scopes": list(ALL_SCOPES),
        "tokens": {"operator": {"token": "not-ours", "role": "operator", "scopes": list(ALL_SCOPES), "createdAtMs": 1}},
        "createdAtMs": 1_770_000_000_000,
        "approvedAtMs": 1_770_000_000_000,
    }


def transcript(session_id: str, *talk: tuple[str, str]) -> str:
    """A log as OpenClaw writes it."""
    at = "2026-02-20T17:22:58.947Z"
    lines: list[dict[str, Any]] = [
        {"type": "session", "version": 3, "id": session_id, "timestamp": at, "cwd": "/srv/clawd"}
    ]
    lines.append(
        {
            "type": "model_change",
            "id": "6ab44933",
            "parentId": None,
            "timestamp": at,
            "provider": "acme",
            "modelId": "m1",
        }
    )
    parent = "6ab44933"
    for number, (asked, answered) in enumerate(talk):
        for role, text in (("user", asked), ("assistant", answered)):
            own = hashlib.sha256(f"{session_id}{number}{role}".encode()).hexdigest()[:8]
            message: dict[str, Any] = {
                "role": role,
                "content": [{"type": "text", "text": text}],
                "timestamp": 1771608178947,
            }
            if role == "assistant":
                message |= {"api": "openai-completions", "provider": "acme", "model": "m1", "stopReason": "stop"}
                cost = dict.fromkeys(("input", "output", "cacheRead", "cacheWrite", "total"), 0)
                message["usage"] = {
                    "input": 9,
                    "output": 3,
                    "cacheRead": 0,
                    "cacheWrite": 0,
                    "totalTokens": 12,
                    "cost": cost,
                }
            lines.append({"type": "message", "id": own, "parentId": parent, "timestamp": at, "message": message})
            parent = own
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def fingerprint(root: Path) -> dict[str, tuple[str, int, int]]:
    """What a folder holds: content, mode and time of change of each file."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
            status = path.lstat()
            found[str(path.relative_to(root))] = (
                hashlib.sha256(content).hexdigest(),
                status.st_mode,
                status.st_mtime_ns,
            )
    return found


def _entry(session_id: str, **more: Any) -> dict[str, Any]:
    counts = {"inputTokens": 900, "outputTokens": 30, "totalTokens": 900, "totalTokensFresh": True}
    own = {"sessionId": session_id, "updatedAt": 1_771_608_178_947, "systemSent": True, "abortedLastRun": False}
    return {**own, "chatType": "direct", **counts, "modelProvider": "acme", "model": "m1", **more}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _json(path: Path, value: Any) -> None:
    _write(path, json.dumps(value, indent=2))
