"""A small server of the Model Context Protocol for tests, over standard streams: `python mcp_server.py STATE [ROLE]`.

STATE is a JSON file that is read for every list of tools: `{"tools": [...]}`. Calls of `echo` give the text back, `pid`
the process, `environment` its variables, `fail` an error of the tool, `refuse` an error of the protocol; `slow` answers
when it is told that nobody waits any more, `die` ends the process, `change` says that the tools are others. It greets nobody before the file GATE is there, where the variable is set.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


def say(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **document}) + "\n")
    sys.stdout.flush()


def answered(message: dict[str, Any], state: str) -> dict[str, Any] | None:
    """The answer to one request; None: there is none (yet)."""
    method, parameters = message["method"], message.get("params") or {}
    if method == "initialize":
        while not os.path.exists(os.environ.get("GATE", "/")):
            time.sleep(0.01)
        version = {"name": "test", "version": "1"}
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": version}
    if method == "tools/list":
        with open(state) as file:
            tools = json.load(file)["tools"]
        at = int(parameters.get("cursor") or 0)
        page: dict[str, Any] = {"tools": tools[at : at + 2]}
        return {**page, "nextCursor": str(at + 2)} if at + 2 < len(tools) else page
    if method == "tools/call":
        return called(parameters)
    return None


def called(parameters: dict[str, Any]) -> dict[str, Any] | None:
    name, arguments = parameters["name"], parameters["arguments"]
    if name == "die":
        sys.stderr.write("dying as asked\n")
        sys.stderr.flush()
        os._exit(3)
    if name == "slow":
        return None
    if name == "change":
        say({"method": "notifications/tools/list_changed"})
    if name == "progress":
        token = parameters["_meta"]["progressToken"]
        say({"method": "notifications/progress", "params": {"progressToken": token, "progress": 1, "message": "half"}})
        say({"id": 77, "method": "ping"})
    texts = {
        "pid": str(os.getpid()),
        "environment": json.dumps(dict(os.environ)),
        "cancelled": json.dumps(CANCELLED),
        "answers": json.dumps(ANSWERS),
    }
    text = texts.get(name, arguments.get("text", name))
    return {"content": [{"type": "text", "text": text}], "isError": name == "fail"}


CANCELLED: list[Any] = []
ANSWERS: list[Any] = []


def main() -> None:
    print("a line that is no message")
    for line in sys.stdin:
        message = json.loads(line)
        if "method" not in message:
            ANSWERS.append(message)
        elif message["method"] == "notifications/cancelled":
            CANCELLED.append(message["params"]["requestId"])
        elif "id" in message:
            if (message.get("params") or {}).get("name") == "refuse":
                say({"id": message["id"], "error": {"code": -32602, "message": "not with me"}})
            elif (result := answered(message, sys.argv[1])) is not None:
                say({"id": message["id"], "result": result})


if __name__ == "__main__":
    main()
