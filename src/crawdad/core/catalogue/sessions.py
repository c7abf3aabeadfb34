"""Words about sessions."""

MESSAGES: dict[str, tuple[str, str]] = {
    "sessions.bad_key": (
        "A session key is `agent:<agentId>:<name>` or a name alone, of at most 512 visible characters.",
        "会话键应为 `agent:<agentId>:<name>` 或单独的名称，最多 512 个可见字符。",
    ),
    "sessions.other_log": (
        "The session {key} has begun a new log meanwhile.",
        "会话 {key} 已在此期间开始了新的记录。",
    ),
    "sessions.bad_cursor": ("'{param}' is not one that a list has given.", "“{param}”不是列表返回的游标。"),
    "sessions.not_found": ("There is no session {key}.", "没有会话 {key}。"),
    "sessions.exists": ("There is a session {key} already.", "会话 {key} 已存在。"),
    "sessions.no_line": (
        "The log of the session has no line {sequence}.",
        "该会话的记录中没有第 {sequence} 行。",
    ),
    "sessions.bad_field": (
        "'{param}' of a session cannot be changed, or not to this.",
        "会话的“{param}”不能更改，或不能改为该值。",
    ),
    "sessions.bad_transcript": (
        "The transcript cannot be read (line {line}): {reason}.",
        "无法读取会话记录（第 {line} 行）：{reason}。",
    ),
    "sessions.transcript.not_json": ("this is no JSON object", "不是 JSON 对象"),
    "sessions.transcript.too_deep": ("it is nested too deeply", "嵌套层级过深"),
    "sessions.transcript.no_header": ("the first line is not of type `session`", "首行的类型不是 `session`"),
    "sessions.transcript.empty": ("it is empty", "内容为空"),
    "sessions.label_taken": (
        "Another session of the agent has the label '{label}'.",
        "该智能体的另一个会话已使用标签“{label}”。",
    ),
    "sessions.send_denied": (
        "The session's policy lets nothing be sent there.",
        "该会话的策略不允许发送消息。",
    ),
    "sessions.running": (
        "A turn is running in this session; wait for its end or stop it.",
        "该会话中有正在运行的回合；请等待其结束或先停止它。",
    ),
}
