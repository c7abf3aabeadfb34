"""Words about agents and their runs."""

MESSAGES: dict[str, tuple[str, str]] = {
    "agents.unknown": ("There is no agent “{agent}”. Known: {known}.", "没有智能体“{agent}”。现有：{known}。"),
    "agents.bad_id": (
        "“{id}” is no agent's id: lower case letters, digits, - and _, at most 64.",
        "“{id}”不是有效的智能体 ID：小写字母、数字、- 和 _，最多 64 个字符。",
    ),
    "agents.there_already": ("There is an agent “{agent}” already.", "已有智能体“{agent}”。"),
    "agents.reserved": ('"{agent}" is reserved', "“{agent}”为保留名称"),
    "agents.bad_value": (
        "'{param}' must be a line of text of reasonable length.",
        "“{param}”必须是长度合理的一行文字。",
    ),
    "agents.undeletable": ('"{agent}" cannot be deleted', "不能删除“{agent}”"),
    "agents.shared_folder": ("another agent works in the same folder", "另一个智能体也在使用该文件夹"),
    "agents.own_folder": (
        "{path} was not made for an agent in Crawdad's own directory, and stays",
        "{path} 不是在 Crawdad 自身目录中为智能体创建的文件夹，予以保留",
    ),
    "agents.not_in_file": (
        "The configuration file names no agent “{agent}”.",
        "配置文件中没有智能体“{agent}”。",
    ),
    "agents.thinking": (
        "“{value}” is no level of thinking. There are: {levels}.",
        "“{value}”不是有效的思考强度。可选：{levels}。",
    ),
    "agents.no_model": ("There is no model that this agent may use.", "没有可供该智能体使用的模型。"),
    "agents.model_not_listed": (
        "Agents may not be switched to the model {model}; listed are: {known}.",
        "智能体不能切换到模型 {model}；可选：{known}。",
    ),
    "agents.nothing_said": ("The message is empty.", "消息为空。"),
    "agents.too_many_waiting": (
        "Too many messages wait for this agent; try again later.",
        "等待该智能体处理的消息过多，请稍后再试。",
    ),
    "agents.no_run": ("There is no run {id}, or it is kept no longer.", "没有运行 {id}，或已不再保留。"),
    "agents.no_calls_wait": (
        "Nothing in this session waits for the result of the call {id}.",
        "此会话中没有等待调用 {id} 结果的轮次。",
    ),
    "agents.timeout": ("The turn took longer than {seconds} seconds.", "本轮用时超过 {seconds} 秒。"),
    "agents.stopped.steps": (
        "The turn was stopped by its limit of steps before there was an answer.",
        "本轮在得出答复前已达到步数上限，因此停止。",
    ),
    "agents.stopped.tokens": (
        "The turn was stopped by its limit of tokens before there was an answer.",
        "本轮在得出答复前已达到 Token 上限，因此停止。",
    ),
    "agents.stopped.money": (
        "The turn was stopped by its limit of money before there was an answer.",
        "本轮在得出答复前已达到费用上限，因此停止。",
    ),
    "agents.stopped.circles": (
        "The turn was stopped: the same tool was called again and again, and nothing new came of it.",
        "本轮已停止：同一工具被反复调用，却没有任何新结果。",
    ),
    "agents.cancelled": ("The turn was stopped.", "本轮已被停止。"),
    "agents.interrupted": (
        "The turn was cut off by a restart and could not safely be resumed.",
        "本轮因重启而中断，且无法安全恢复。",
    ),
    "agents.owner_gone": (
        "“{owner}”, in whose name this turn was to be taken, was revoked, has expired or may no longer use agents.",
        "本轮所属的“{owner}”已被吊销、已过期或不再允许使用智能体。",
    ),
    "agents.dropped": ("The message was dropped: too many were waiting.", "消息被舍弃：等待的消息过多。"),
    "agents.internal": ("The turn failed because of a fault of the gateway.", "网关内部故障导致本轮失败。"),
    "agents.compact_nothing": ("There is nothing to sum up yet.", "尚无可概括的内容。"),
    "agents.no_session": ("There is no session {key}.", "没有会话 {key}。"),
    "agents.spawn_depth": (
        "Agents may not be nested more than {depth} deep.",
        "子智能体嵌套不能超过 {depth} 层。",
    ),
    "agents.spawn_count": (
        "{count} sub-agents of this session are at work already; wait for one to end.",
        "此会话已有 {count} 个子智能体在工作；请等其中一个结束。",
    ),
    "agents.spawn_hour": (
        "This session has had {most} sub-agents within an hour; it gets no more for now.",
        "此会话一小时内已使用 {most} 个子智能体；暂时不能再增加。",
    ),
    "agents.spawn_rounds": (
        "This conversation of agents has gone on for {rounds} rounds; it ends here.",
        "智能体之间的往返已达 {rounds} 轮，到此为止。",
    ),
    "agents.spawn_agent": (
        "This agent may not have work done by “{agent}” (allowed: {allowed}).",
        "该智能体不能差遣“{agent}”（允许：{allowed}）。",
    ),
    "agents.no_subagent": ("There is no sub-agent “{target}” of this session.", "此会话没有子智能体“{target}”。"),
    "agents.argument": ("The argument “{name}” {problem}.", "参数“{name}”有误：{problem}。"),
    "agents.no_workspace": (
        "The workspace {path} cannot be used: {reason}.",
        "无法使用工作目录 {path}：{reason}。",
    ),
}
