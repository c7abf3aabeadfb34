"""What a call may touch: the workspace of its agent, or, where the settings say so, more; and what it may change unasked."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawdad.adapters.tools.folder import Folder
from crawdad.core.approvals import ApprovalRequest, Approvals
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.programs import FileMark
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext

_GUARDED_FILES = frozenset(
    (
        "agents.md",
        "soul.md",
        "identity.md",
        "user.md",
        "tools.md",
        "heartbeat.md",
        "memory.md",
        "bootstrap.md",
        "boot.md",
    )
)
_GUARDED_FOLDERS = frozenset(("memory", "skills", "hooks", ".git", ".agents", ".crawdad", ".openclaw"))
_LONGEST_SHOWN = 8000


def shapes_later(path: str) -> bool:
    """Whether a file of the workspace is read into later turns, or run in them: persona, memory, skills, hooks."""
    names = [name.casefold() for name in path.split("/") if name]
    return bool(names) and ((len(names) == 1 and names[0] in _GUARDED_FILES) or bool(_GUARDED_FOLDERS & set(names)))


def is_note(path: str) -> bool:
    """Whether a file is one of the agent's notes, which later turns only find by a search."""
    names = [name.casefold() for name in path.split("/") if name]
    return (
        len(names) > 1 and names[0] == "memory" and names[-1].endswith(".md") and not shapes_later("/".join(names[1:]))
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that a call wrote. `vouched`: with the content that the operator approved."""

    mark: FileMark
    vouched: bool


@dataclass(frozen=True, slots=True)
class FileAccess:
    """`workspace_only` by agent id; `kept` are folders that no agent sees, wherever it may go."""

    workspace_only: Callable[[str], bool]
    approvals: Approvals
    kept: Sequence[str] = ()

    def folder(self, path: str, context: ToolContext) -> Folder:
        """The root that a path is walked from. What lies in the workspace is always walked from there."""
        root = os.path.realpath(context.workspace)
        if self.workspace_only(context.scope.agent_id) or not _leaves(path, root):
            return Folder(root)
        return Folder("/", self.kept)

    def spelled(self, path: str, context: ToolContext) -> str:
        """A path as the chosen root understands it."""
        if path == "~" or path.startswith("~/"):
            path = str(context.workspace) + path[1:]
        root, real = str(context.workspace), os.path.realpath(context.workspace)
        if root != real and (path == root or path.startswith(f"{root.rstrip('/')}/")):
            path = real + path[len(root.rstrip("/")) :]
        folder = self.folder(path, context)
        return path if os.path.isabs(path) or not folder.whole_machine else os.path.normpath(os.path.join(real, path))

    async def may_change(self, path: str, content: str, context: ToolContext) -> Callable[[str], None]:
        """Raise FORBIDDEN when a turn with outside content would change what shapes later turns, and nobody allows it. Returns
        the check for the moment of writing: a link that was put there meanwhile leads to nothing that was not allowed."""
        if not (context.untrusted or context.exposed):
            return lambda path: None
        spelled = self.spelled(path, context)
        folder = self.folder(spelled, context)
        resolved = await asyncio.to_thread(_resolved, folder, spelled)
        inner = _within(resolved, folder, context.workspace)

        def check(now: str) -> None:
            found = _within(now, folder, context.workspace)
            if found is not None and found != inner and _is_guarded(found, context):
                raise GatewayError(ErrorKind.FORBIDDEN, Text("workspace.guarded", {"path": found}), {"code": "changed"})

        if inner is None or not _is_guarded(inner, context):
            return check
        scope = context.scope
        binding: JsonObject = {"path": inner, "content": content}
        reason = "untrusted" if context.untrusted else "exposed"
        request = ApprovalRequest(
            kind="file",
            summary=inner,
            agent_id=scope.agent_id,
            session_key=scope.session_key,
            run_id=context.run_id,
            call_id=context.call_id,
            principal_id=scope.principal.id,
            binding=binding,
            details={"path": inner, "content": content[:_LONGEST_SHOWN], "reason": reason},
        )
        try:
            allowed = await self.approvals.ask(request)
        except GatewayError as error:
            if error.kind is not ErrorKind.FORBIDDEN:
                raise
            raise GatewayError(ErrorKind.FORBIDDEN, Text("workspace.guarded", {"path": inner}), error.details) from None
        await self.approvals.use(allowed, request)
        return check

    def changed(self, folder: Folder, shown: str, data: bytes, context: ToolContext) -> Changed:
        """What the outcome of a call tells of a file that it wrote. In a turn with outside content a guarded file is written
        only as the operator approved it."""
        mark = marked(folder, shown, data)
        inner = _within(shown, folder, context.workspace)
        tainted = context.untrusted or context.exposed
        return Changed(mark, vouched=tainted and inner is not None and _is_guarded(inner, context))


def marked(folder: Folder, shown: str, data: bytes) -> FileMark:
    """A file of a root and what it holds."""
    return FileMark(os.path.join(folder.root, shown), hashlib.sha256(data).hexdigest())


def _is_guarded(inner: str, context: ToolContext) -> bool:
    """Whether a turn with outside content may not write a file unasked. Where that content is of an earlier turn, notes may be
    written: they are remembered as what they are."""
    return shapes_later(inner) and (context.untrusted or not is_note(inner))


def _resolved(folder: Folder, path: str) -> str:
    try:
        return folder.resolved(path)
    except GatewayError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return os.path.normpath(path).lstrip("/") if not os.path.isabs(path) else os.path.relpath(path, folder.root)


def _within(path: str, folder: Folder, workspace: Path) -> str | None:
    """A path from the root as one from the workspace; None outside of it."""
    absolute = os.path.join(folder.root, path)
    inner = os.path.relpath(absolute, os.path.realpath(workspace))
    return None if inner == ".." or inner.startswith("../") else inner


def _leaves(path: str, root: str) -> bool:
    absolute = os.path.normpath(os.path.join(root, path))
    return not (absolute == root or absolute.startswith(f"{root}/"))
