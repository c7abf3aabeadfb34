"""Words of `crawdad sessions`."""

MESSAGES: dict[str, tuple[str, str]] = {
    "cli.sessions": (
        "List, read, search, carry elsewhere and end conversations.",
        "列出、查看、搜索、导出导入和结束会话。",
    ),
    "cli.sessions.list": ("List sessions, the newest first.", "列出会话，最新的在前。"),
    "cli.sessions.search": (
        "Find sessions by anything said in them, titles and labels.",
        "按对话内容、标题和标签查找会话。",
    ),
    "cli.sessions.show": ("Show a session and what was said last.", "查看会话及其最近的内容。"),
    "cli.sessions.export": (
        "Write a session as a transcript (JSONL, as OpenClaw's).",
        "将会话导出为记录文件（与 OpenClaw 相同的 JSONL）。",
    ),
    "cli.sessions.import": (
        "Make a session out of a transcript (JSONL, as OpenClaw's).",
        "从记录文件导入会话（与 OpenClaw 相同的 JSONL）。",
    ),
    "cli.sessions.reset": (
        "Begin a session anew; what was said stays in its old log.",
        "重新开始会话；之前的内容保留在旧记录中。",
    ),
    "cli.sessions.delete": ("Take a session out of the lists; its log stays.", "将会话移出列表；其记录保留。"),
    "cli.sessions.which": ("The session's key or id.", "会话的键或 ID。"),
    "cli.sessions.limit": ("How many at most.", "最多显示的数量。"),
    "cli.sessions.agent": ("Only sessions of this agent.", "仅显示该智能体的会话。"),
    "cli.sessions.text": ("The words to look for.", "要查找的文字。"),
    "cli.sessions.file": (
        "Where to; standard output where left out. A file is not overwritten.",
        "目标文件；省略则写到标准输出。不会覆盖已有文件。",
    ),
    "cli.sessions.transcript": ("The transcript.", "记录文件。"),
    "cli.sessions.key": (
        "The new session's key, such as `main`; one is made where left out.",
        "新会话的键，例如 `main`；省略则自动生成。",
    ),
    "cli.sessions.title": ("Its title.", "标题。"),
    "cli.sessions.purge": ("Remove everything said in it as well, for good.", "同时永久删除其中的全部内容。"),
    "cli.sessions.no_file": ("{file}: {reason}", "{file}：{reason}"),
    "cli.sessions.exported": ("{key} has been written to {file}.", "{key} 已写入 {file}。"),
    "cli.sessions.imported": ("{key} has been made, with {messages} messages.", "已创建 {key}，共 {messages} 条消息。"),
    "cli.sessions.was_reset": ("{key} has begun anew.", "{key} 已重新开始。"),
    "cli.sessions.deleted": ("{key} is no longer listed; its log stays.", "{key} 已移出列表；其记录保留。"),
    "cli.sessions.purged": ("{key} and everything said in it is gone.", "{key} 及其全部内容已删除。"),
    "cli.sessions.column.key": ("Session", "会话"),
    "cli.sessions.column.title": ("Title", "标题"),
    "cli.sessions.column.kind": ("Kind", "类型"),
    "cli.sessions.column.agent": ("Agent", "智能体"),
    "cli.sessions.column.messages": ("Messages", "消息数"),
    "cli.sessions.column.tokens": ("Tokens", "Token 数"),
    "cli.sessions.column.updated": ("Updated", "更新时间"),
    "cli.sessions.column.preview": ("Last said", "最近内容"),
    "cli.sessions.column.found": ("Found", "匹配内容"),
}
