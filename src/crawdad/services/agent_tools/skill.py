"""`skill`: the instructions of a skill, wherever they lie; the workspace's own limits do not hold for them."""

from __future__ import annotations

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.skills import SkillFolders
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told
from crawdad.services.agent_tools.arguments import get_text, need_text, schema
from crawdad.services.skills.library import SkillLibrary

_MOST_BYTES = 256_000


class SkillTool:
    """The tool."""

    definition = ToolDefinition(
        "skill",
        "Read the instructions of a skill from the list of skills, or another file of it.",
        schema(
            {
                "name": {"type": "string", "description": "The skill's name."},
                "path": {"type": "string", "description": "A file within the skill. Default: SKILL.md."},
            },
            ("name",),
        ),
        "fs",
        independent=True,
    )

    def __init__(self, library: SkillLibrary, folders: SkillFolders) -> None:
        self._library = library
        self._folders = folders

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        name, path = need_text(arguments, "name", 100), get_text(arguments, "path", 500) or "SKILL.md"
        skill = await self._library.get(name, context.scope.agent_id, context.workspace)
        if skill is None or not skill.head.model_invocable:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("skills.unknown", {"name": name}), {"param": "name"})
        if skill.hindrance is not None:
            words = Text("skills.unusable", {"name": name, "reason": skill.hindrance})
            raise GatewayError(ErrorKind.CONFLICT, words, {"param": "name"})
        text = await self._folders.read_within(skill.folder, path, _MOST_BYTES)
        if text is None:
            files = ", ".join((await self._folders.files(skill.folder))[:50])
            words = Text("skills.no_file", {"name": name, "path": path, "files": files})
            raise GatewayError(ErrorKind.NOT_FOUND, words, {"param": "path"})
        return told(text, {"name": name, "path": path, "directory": skill.folder})
