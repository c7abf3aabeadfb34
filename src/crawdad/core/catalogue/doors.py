"""The doors to the agents: words for whoever knocks."""

MESSAGES: dict[str, tuple[str, str]] = {
    "doors.unknown_agent": ("Unknown agent '{agent}'.", "没有名为“{agent}”的智能体。"),
    "doors.no_message": ("Missing user message in `{field}`.", "`{field}` 中没有用户消息。"),
    "doors.field": ("{field}: {reason}", "{field}：{reason}"),
    "doors.session_reserved": (
        "The session key belongs to a reserved namespace ({namespace}).",
        "会话键属于保留命名空间（{namespace}）。",
    ),
    "doors.session_of_another": (
        "The session key belongs to the agent '{theirs}', not to '{agent}'.",
        "会话键属于智能体“{theirs}”，而非“{agent}”。",
    ),
    "doors.session_forbidden": ("The session belongs to somebody else.", "该会话属于他人。"),
    "doors.tools": ("invalid tool configuration: {reason}", "工具配置无效：{reason}"),
    "doors.tool_not_listed": ("{name} is not among the tools", "工具列表中没有 {name}"),
    "doors.no_tools": ("a tool is required, but there are none", "要求使用工具，但没有提供"),
    "doors.tool_twice": ("the tool {name} is there twice", "工具 {name} 重复"),
    "doors.tool_not_called": (
        "A tool call was required, and the agent made none.",
        "要求调用工具，但智能体没有调用。",
    ),
    "doors.attachment": ("invalid request: {reason}", "请求无效：{reason}"),
    "doors.attachment_type": ("{kind} of type {media_type} are not taken", "不接受类型为 {media_type} 的{kind}"),
    "doors.attachment_size": ("{kind} may have {limit} bytes at most", "{kind}最多 {limit} 字节"),
    "doors.attachment_count": ("at most {limit} {kind} are taken", "最多接受 {limit} 个{kind}"),
    "doors.attachment_url": ("{kind} by URL are not taken", "不接受以 URL 指定的{kind}"),
    "doors.attachment_host": ("{kind} from {host} are not taken", "不接受来自 {host} 的{kind}"),
    "doors.attachment_data": ("the data of a file is not base64", "文件数据不是 base64"),
    "doors.attachment_id": ("files by id are not known here", "此处没有按 id 存放的文件"),
    "doors.attachment_fetch": ("a file could not be fetched: {reason}", "无法获取文件：{reason}"),
    "doors.tool_call_interrupted": (
        "A call with this key was cut off by a restart; whether it took effect is not known. "
        "Look, and use another key to call again.",
        "使用该键的调用因重启而中断，是否已生效未知。请先核实，再换一个键重新调用。",
    ),
    "doors.tool_answer_not_kept": (
        "The call with this key was made; its answer was too long to be kept.",
        "使用该键的调用已执行，但其结果过长，未能保留。",
    ),
    "doors.no_embedding_model": (
        "The agent {agent} has no embedding model: set agents.defaults.memorySearch.model, or name one in x-openclaw-model.",
        "智能体 {agent} 没有向量模型：请设置 agents.defaults.memorySearch.model，或用 x-openclaw-model 指定。",
    ),
    "doors.embedding_inputs": (
        "an agent takes at most {most} inputs at once",
        "智能体一次最多接受 {most} 条输入",
    ),
    "doors.embedding_characters": (
        "an agent takes inputs of at most {most} characters",
        "智能体的每条输入最多 {most} 个字符",
    ),
    "doors.embedding_in_all": (
        "an agent takes at most {most} characters at once",
        "智能体一次最多接受 {most} 个字符",
    ),
    "doors.queue_mode": (
        "x-openclaw-queue-mode must be one of {modes}",
        "x-openclaw-queue-mode 必须是以下之一：{modes}",
    ),
    "doors.attachment_pdf": ("a PDF file cannot be read: {reason}", "无法读取 PDF 文件：{reason}"),
    "doors.pdf_locked": ("it is encrypted with a password", "文件已用密码加密"),
    "doors.pdf_broken": ("it is damaged", "文件已损坏"),
    "doors.pdf_large": ("reading it takes too much time or memory", "读取它需要过多的时间或内存"),
    "doors.pictures": ("pictures", "图片"),
    "doors.files": ("files", "文件"),
    "doors.run_failed": ("The agent's run failed: {reason}", "智能体运行失败：{reason}"),
    "doors.run_interrupted": (
        "The agent's run was interrupted by a restart of the gateway.",
        "智能体运行因网关重启而中断。",
    ),
    "doors.run_cancelled": ("The agent's run was cancelled.", "智能体运行已取消。"),
    "doors.run_gone": ("There is no such run, or it is kept no longer.", "没有此运行，或其记录已过期。"),
    "doors.tool_missing": ("Tool not available: {tool}", "工具不可用：{tool}"),
    "doors.media_too_large": ("The file is larger than {limit} bytes.", "文件超过 {limit} 字节。"),
    "doors.tailscale": ("Tailscale could not say who comes: {reason}", "Tailscale 无法确认访问者：{reason}"),
    "doors.transform_outside": (
        "The transform {module} lies outside {folder}.",
        "转换模块 {module} 位于 {folder} 之外。",
    ),
    "doors.transform_failed": ("The transform {module} failed: {reason}", "转换模块 {module} 失败：{reason}"),
    "doors.transform_time": ("it took longer than {seconds} s", "超过 {seconds} 秒"),
}
