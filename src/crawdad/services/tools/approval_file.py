"""What may run unasked, as OpenClaw's `exec-approvals.json` would say it: read, and changed as far as it can be meant here.

There is no such file. `defaults` are `tools.exec.*` of the configuration, the list under `*` is `tools.exec.allowlist`, the
list of an agent is what was allowed it for good: it is added to by answers alone, and only taken back here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crawdad.core.approvals import Grant
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.core.tool_settings import AllowedProgram
from crawdad.services.configuration.running import RunningConfiguration
from crawdad.services.tools.approvals import ApprovalService

EVERYBODY = "*"
_DEFAULTS = ("security", "ask", "askFallback")
_PATTERN_SIGNS = frozenset("*?[]{}")


class ApprovalFile:
    """The view, and changes through it."""

    def __init__(
        self, configuration: RunningConfiguration, settings: Callable[[], Settings], approvals: ApprovalService
    ) -> None:
        self._configuration = configuration
        self._settings = settings
        self._approvals = approvals

    async def show(self) -> JsonObject:
        """`{path, exists, hash, file}`; `path` is where the defaults stand."""
        file = self._file(await self._approvals.grants())
        return {"path": self._configuration.path, "exists": True, "hash": _hash(file), "file": file}

    async def replace(self, file: JsonObject, base_hash: str | None, by: Principal) -> JsonObject:
        """Have it say what `file` says. Raises CONFLICT when it is another than `base_hash` tells, BAD_REQUEST for what has no
        meaning here; then nothing is changed."""
        now = await self.show()
        if base_hash is None:
            raise GatewayError(ErrorKind.CONFLICT, Text("approvals.file_hash_required"))
        if base_hash != now["hash"]:
            raise GatewayError(ErrorKind.CONFLICT, Text("approvals.file_changed"))
        old = now["file"]
        patch = {**self._defaults(old["defaults"], file.get("defaults") or {}), **self._everybody(file)}
        gone = self._taken_back(old["agents"], file.get("agents") or {})
        if patch:
            await self._configuration.change({"tools": {"exec": patch}})
        for grant_id in gone:
            await self._approvals.revoke(grant_id, by)
        return await self.show()

    def _file(self, grants: Sequence[Grant]) -> JsonObject:
        exec_settings = self._settings().tools.exec
        agents: dict[str, JsonObject] = {}
        if exec_settings.allowlist:
            agents[EVERYBODY] = {"allowlist": [_entry(each) for each in exec_settings.allowlist]}
        for grant in sorted(grants, key=lambda each: each.created_at):
            if grant.kind != "exec":
                continue
            row: JsonObject = {"id": grant.id, "pattern": grant.summary, "source": "allow-always"}
            if grant.last_used_at is not None:
                row["lastUsedAt"] = round(grant.last_used_at * 1000)
            agents.setdefault(grant.agent_id or EVERYBODY, {"allowlist": []})["allowlist"].append(row)
        defaults = {
            "security": exec_settings.security,
            "ask": exec_settings.ask,
            "askFallback": exec_settings.ask_fallback,
            "autoAllowSkills": False,
        }
        return {"version": 1, "defaults": defaults, "agents": agents}

    def _defaults(self, old: JsonObject, new: JsonObject) -> JsonObject:
        if new.get("autoAllowSkills"):
            raise bad_request("approvals.file_skills", "file.defaults.autoAllowSkills")
        return {name: new[name] for name in _DEFAULTS if new.get(name) not in (None, old[name])}

    def _everybody(self, file: JsonObject) -> JsonObject:
        """The allowlist for everybody, where it becomes another: entries that were there stay as they are."""
        known = {_entry(each)["id"]: each for each in self._settings().tools.exec.allowlist}
        rows = ((file.get("agents") or {}).get(EVERYBODY) or {}).get("allowlist") or []
        kept = [known.get(str(row.get("id") or "")) or _program(row) for row in rows if not _is_grant(row)]
        if kept == list(self._settings().tools.exec.allowlist):
            return {}
        return {"allowlist": [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in kept]}

    def _taken_back(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """The answers for good that `new` does not name any more."""
        for agent, section in new.items():
            extra = [name for name in ("security", "ask", "askFallback") if section.get(name) is not None]
            if extra:
                raise bad_request("approvals.file_agent", f"file.agents.{agent}", agent=agent[:80])
        left: set[str] = set()
        for agent, section in new.items():
            before = {row["id"] for row in (old.get(agent) or {}).get("allowlist", ())}
            for row in section.get("allowlist") or ():
                if row.get("id") in before:
                    left.add(row["id"])
                elif agent != EVERYBODY:
                    raise bad_request("approvals.file_grant", f"file.agents.{agent}.allowlist", agent=agent[:80])
        grants = [row for section in old.values() for row in section.get("allowlist", ()) if _is_grant(row)]
        return [row["id"] for row in grants if row["id"] not in left]


def _entry(program: AllowedProgram) -> JsonObject:
    written = program.model_dump(mode="json", by_alias=True, exclude_none=True)
    mark = hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()[:16]
    told: JsonObject = {"id": mark, "pattern": program.program}
    if program.arguments:
        told["commandText"] = " ".join((program.program, *program.arguments))
    return told


def _program(row: JsonObject) -> AllowedProgram:
    """A new entry: a program, by name or path, with any arguments. Raises BAD_REQUEST for a pattern."""
    pattern = str(row["pattern"]).strip()
    if not pattern or _PATTERN_SIGNS & set(pattern) or row.get("argPattern"):
        raise bad_request("approvals.file_pattern", "file.agents.*.allowlist", pattern=pattern[:200])
    return AllowedProgram(program=pattern, arguments=("...",))


def _is_grant(row: JsonObject) -> bool:
    return row.get("source") == "allow-always"


def _hash(file: JsonObject) -> str:
    """Without when things were used, which changes by itself."""
    plain = json.loads(json.dumps(file))
    for section in plain["agents"].values():
        for row in section["allowlist"]:
            row.pop("lastUsedAt", None)
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
