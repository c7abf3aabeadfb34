"""What models are told of the tools for files."""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.tools import ToolDefinition


def _text(description: str, **more: Any) -> JsonObject:
    return {"type": "string", "description": description, **more}


def _number(description: str, **more: Any) -> JsonObject:
    return {"type": "integer", "description": description, "minimum": 1, **more}


def _schema(properties: JsonObject, *required: str) -> JsonObject:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


_PATH = _text("Path of the file, relative to the workspace.")
_ALIAS = _text("The same as path.")
_FILE = {"path": _PATH, "file_path": _ALIAS}

READ = ToolDefinition(
    "read",
    "Read a text file, at most 2000 lines or 50 KB at once (go on with offset), or look at a picture.",
    _schema({**_FILE, "offset": _number("First line, from 1."), "limit": _number("How many lines.")}),
    "fs",
    independent=True,
)
WRITE = ToolDefinition(
    "write",
    "Write a whole file; what was there is replaced, missing folders are made.",
    _schema({**_FILE, "content": _text("All of the file.")}, "content"),
    "fs",
)
EDIT = ToolDefinition(
    "edit",
    "Replace a piece of a text file. The old text must match exactly and stand there once.",
    _schema(
        {
            **_FILE,
            "oldText": _text("What stands there."),
            "newText": _text("What shall stand there."),
            "old_string": _text("The same as oldText."),
            "new_string": _text("The same as newText."),
            "replaceAll": {"type": "boolean", "description": "Replace it wherever it stands."},
        }
    ),
    "fs",
)
APPLY_PATCH = ToolDefinition(
    "apply_patch",
    "Change several files at once by a patch between '*** Begin Patch' and '*** End Patch', with sections '*** Add File: "
    "<path>', '*** Update File: <path>' (optionally '*** Move to: <path>', then '@@' and lines that begin with a blank, "
    "'-' or '+') and '*** Delete File: <path>'. All of it is applied, or nothing.",
    _schema({"input": _text("The patch.")}, "input"),
    "fs",
)
LS = ToolDefinition(
    "ls",
    "List a folder: folders end in '/', links in '@', files have their size.",
    _schema({"path": _text("The folder; the workspace when left out."), "limit": _number("How many.")}),
    "fs",
    independent=True,
)
FIND = ToolDefinition(
    "find",
    "Find files by a glob such as '*.py' or 'src/**/*.ts' (.git and node_modules are left out).",
    _schema(
        {
            "pattern": _text("The glob.", maxLength=1000),
            "path": _text("Where to look; the workspace when left out."),
            "limit": _number("How many."),
        },
        "pattern",
    ),
    "fs",
    independent=True,
)
GREP = ToolDefinition(
    "grep",
    "Find lines in text files by a regular expression (.git and node_modules are left out).",
    _schema(
        {
            "pattern": _text("The regular expression.", maxLength=1000),
            "path": _text("A file, or a folder to look in."),
            "glob": _text("Only files like this.", maxLength=1000),
            "ignoreCase": {"type": "boolean", "description": "Capital and small letters alike."},
            "literal": {"type": "boolean", "description": "The pattern is no expression but the text itself."},
            "context": {"type": "integer", "description": "Lines around.", "minimum": 0, "maximum": 20},
            "limit": _number("How many lines."),
        },
        "pattern",
    ),
    "fs",
    independent=True,
)
