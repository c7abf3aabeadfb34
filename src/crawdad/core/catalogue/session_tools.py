"""Words of the tools by which agents see and use sessions."""

MESSAGES: dict[str, tuple[str, str]] = {
    "session_tools.required": ("{param} required", "缺少 {param}"),
    "session_tools.bad_text": (
        "{param} is text of at most {most} characters.",
        "{param} 应为最多 {most} 个字符的文本。",
    ),
    "session_tools.bad_number": ("{param} is a number.", "{param} 应为数字。"),
    "session_tools.bad_kinds": ("{param} is a list of kinds of sessions.", "{param} 应为会话类型的列表。"),
    "session_tools.key_or_label": (
        "Give either sessionKey or label, one of them.",
        "请提供 sessionKey 或 label 其中之一。",
    ),
    "session_tools.itself": ("A session does not send to itself.", "会话不能向自身发送消息。"),
    "session_tools.not_visible": (
        "That session is not visible from here (tools.sessions.visibility is {visibility}).",
        "此处看不到该会话（tools.sessions.visibility 为 {visibility}）。",
    ),
    "session_tools.other_agent": (
        "That is a session of the agent {agent}: tools.agentToAgent does not allow it.",
        "那是智能体 {agent} 的会话：tools.agentToAgent 不允许。",
    ),
    "session_tools.too_deep": (
        "More than {most} agents stand between this turn and a person: it sends to no further one.",
        "此回合与用户之间已隔着超过 {most} 个智能体，不再继续发送。",
    ),
    "session_tools.untrusted_change": (
        "This turn carries content from outside: it changes no settings.",
        "此回合含有外部内容，不能更改设置。",
    ),
}
"""Words for the model, and for whoever calls a tool himself."""
