"""Agents: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.agents": ("The agents.", "智能体。"),
    "settings.agents.runs": (
        "What is kept of turns that have ended; what was said in them stays in their sessions.",
        "已结束的轮次保留哪些内容；其中的对话仍保留在会话中。",
    ),
    "settings.agents.runs.keepDays": (
        "For how many days their state and events are kept.",
        "其状态与事件保留的天数。",
    ),
    "settings.agents.defaults": (
        "What holds for every agent that says nothing else.",
        "未另行设置的智能体所采用的默认值。",
    ),
    "settings.agents.defaults.model": (
        "The model: `provider/model`, an alias, or a name with fallbacks.",
        "模型：`provider/model`、别名，或带备选的名称。",
    ),
    "settings.agents.defaults.model.primary": ("The model to ask first.", "首先使用的模型。"),
    "settings.agents.defaults.model.fallbacks": (
        "The models to try when it fails, in order.",
        "失败时依次尝试的模型。",
    ),
    "settings.agents.defaults.workspace": ("The directory that the default agent works in.", "默认智能体的工作目录。"),
    "settings.agents.list[]": ("One agent.", "一个智能体。"),
    "settings.agents.list[].id": (
        "Its id: small letters, digits, `-` and `_`.",
        "智能体 id：小写字母、数字、`-` 和 `_`。",
    ),
    "settings.agents.list[].default": ("Whether it answers where no agent is named.", "未指定智能体时是否由它应答。"),
    "settings.agents.list[].name": ("Its name, for people.", "显示名称。"),
    "settings.agents.list[].workspace": ("The directory that it works in.", "它的工作目录。"),
    "settings.agents.list[].model": ("Its model, instead of the default.", "它使用的模型，取代默认值。"),
    "settings.agents.defaults.skipBootstrap": (
        "Whether a new workspace is left without the usual files.",
        "新工作目录是否不生成标准文件。",
    ),
    "settings.agents.defaults.bootstrapMaxChars": (
        "How many characters of a workspace file stand in the system prompt; of a longer one, its beginning and end.",
        "系统提示中每个工作区文件最多的字符数；更长的文件只保留开头和结尾。",
    ),
    "settings.agents.defaults.bootstrapTotalMaxChars": (
        "The same for all these files together.",
        "所有这些文件合计的字符上限。",
    ),
    "settings.agents.defaults.userTimezone": (
        "The time zone that the agents are told (`Europe/Berlin`). Unset: the machine's.",
        "告知智能体的时区（如 `Asia/Shanghai`）。未设置时用本机时区。",
    ),
    "settings.agents.defaults.contextTokens": (
        "The most tokens that a conversation may take of a model's context. Unset: all of it.",
        "对话最多占用的模型上下文 Token 数。未设置时为全部。",
    ),
    "settings.agents.defaults.thinkingDefault": (
        "How much the model thinks where nobody says. Unset: what the model does by itself.",
        "未指定时的思考强度。未设置时由模型自行决定。",
    ),
    "settings.agents.defaults.timeoutSeconds": (
        "How long a turn may take; 0: as long as it wants.",
        "一轮最长用时（秒）；0 表示不限。",
    ),
    "settings.agents.defaults.maxConcurrent": (
        "How many turns run at once in a process; the others wait.",
        "每个进程同时运行的轮数；其余排队。",
    ),
    "settings.agents.defaults.maxSteps": ("How often a turn may ask the model.", "一轮中最多询问模型的次数。"),
    "settings.agents.defaults.maxTurnTokens": (
        "How many tokens a turn may take, input and output. Unset: any number.",
        "一轮最多使用的 Token 数（输入加输出）。未设置时不限。",
    ),
    "settings.agents.defaults.maxTurnCost": (
        "How much a turn may cost, in US dollars. Unset: any amount.",
        "一轮的费用上限（美元）。未设置时不限。",
    ),
    "settings.agents.defaults.models.<id>": (
        "A model that agents may be switched to. Where any is listed, no other may be chosen.",
        "可供智能体切换的模型。一旦列出，便只能选择列出的模型。",
    ),
    "settings.agents.defaults.models.<id>.alias": ("A short name for it.", "它的简称。"),
    "settings.agents.defaults.models.<id>.params": (
        "Knobs for it: `temperature`, `topP`, `maxTokens`.",
        "它的参数：`temperature`、`topP`、`maxTokens`。",
    ),
    "settings.agents.defaults.compaction": (
        "What happens to conversations that outgrow the model's context.",
        "对话超出模型上下文时的处理。",
    ),
    "settings.agents.defaults.compaction.mode": (
        "`safeguard` and `default` sum up the older part; `off` leaves it to `/compact`.",
        "`safeguard` 与 `default` 会概括较早的部分；`off` 只在要求时压缩。",
    ),
    "settings.agents.defaults.compaction.reserveTokens": (
        "How much of the context is kept free. Unset: `reserveTokensFloor`.",
        "为后续内容预留的 Token 数。未设置时为 `reserveTokensFloor`。",
    ),
    "settings.agents.defaults.compaction.reserveTokensFloor": (
        "The least that is kept free (at most half of the context).",
        "至少预留的 Token 数（不超过上下文的一半）。",
    ),
    "settings.agents.defaults.compaction.keepRecentTokens": (
        "How much of the newest part stays as it is.",
        "原样保留的最近内容的 Token 数。",
    ),
    "settings.agents.defaults.compaction.maxHistoryShare": (
        "The most that may stay as it is, as a share of the context.",
        "原样保留部分占上下文的最大比例。",
    ),
    "settings.agents.defaults.compaction.timeoutSeconds": (
        "How long summing up may take; then the older part is left out without a summary.",
        "概括的最长用时（秒）；超时则直接略去较早部分。",
    ),
    "settings.agents.defaults.compaction.memoryFlush": (
        "A silent step before, in which the agent may write down what it wants to keep.",
        "压缩前的静默步骤，让智能体记下要保留的内容。",
    ),
    "settings.agents.defaults.compaction.memoryFlush.enabled": ("Whether there is such a step.", "是否启用该步骤。"),
    "settings.agents.defaults.compaction.memoryFlush.softThresholdTokens": (
        "How many tokens before the limit it comes.",
        "在距上限多少 Token 时进行。",
    ),
    "settings.agents.defaults.compaction.memoryFlush.prompt": (
        "What the agent is told then, instead of the built-in words.",
        "届时给智能体的提示，取代内置文字。",
    ),
    "settings.agents.defaults.compaction.memoryFlush.systemPrompt": (
        "Words that are added to the system prompt then.",
        "届时附加到系统提示的文字。",
    ),
    "settings.agents.defaults.contextPruning": (
        "Shortening old results of tools in what the model is shown; the log keeps them.",
        "在给模型看的内容中缩短旧的工具结果；日志仍完整保留。",
    ),
    "settings.agents.defaults.contextPruning.mode": (
        "`off`, or `cache-ttl`: once the vendor's prompt cache has run out anyway.",
        "`off`，或 `cache-ttl`：在服务商的提示缓存失效之后进行。",
    ),
    "settings.agents.defaults.contextPruning.ttl": (
        "How long that cache lasts (`5m`, `1h`).",
        "该缓存的有效期（`5m`、`1h`）。",
    ),
    "settings.agents.defaults.contextPruning.keepLastAssistants": (
        "Results after the last so many answers are left alone.",
        "最近这么多次回答之后的结果不动。",
    ),
    "settings.agents.defaults.contextPruning.softTrimRatio": (
        "From which share of the context on results are shortened.",
        "占用上下文达到此比例起缩短结果。",
    ),
    "settings.agents.defaults.contextPruning.hardClearRatio": (
        "From which share of the context on they are left out.",
        "占用上下文达到此比例起略去结果。",
    ),
    "settings.agents.defaults.contextPruning.minPrunableToolChars": (
        "Nothing is left out while these results have fewer characters in all.",
        "结果总字符数低于此值时不略去。",
    ),
    "settings.agents.defaults.contextPruning.tools": ("Whose results may be shortened.", "哪些工具的结果可以缩短。"),
    "settings.agents.defaults.contextPruning.tools.allow": (
        "Only those of these tools; `*` allowed.",
        "仅限这些工具；可用 `*`。",
    ),
    "settings.agents.defaults.contextPruning.tools.deny": ("Not those of these tools.", "不包括这些工具。"),
    "settings.agents.defaults.contextPruning.softTrim": ("How a long result is shortened.", "长结果如何缩短。"),
    "settings.agents.defaults.contextPruning.softTrim.maxChars": (
        "Results up to this length stay as they are.",
        "不超过此长度的结果保持原样。",
    ),
    "settings.agents.defaults.contextPruning.softTrim.headChars": (
        "How many characters of the beginning stay.",
        "保留开头的字符数。",
    ),
    "settings.agents.defaults.contextPruning.softTrim.tailChars": (
        "How many characters of the end stay.",
        "保留结尾的字符数。",
    ),
    "settings.agents.defaults.contextPruning.hardClear": (
        "What becomes of results that are left out.",
        "略去的结果如何处理。",
    ),
    "settings.agents.defaults.contextPruning.hardClear.enabled": (
        "Whether results are left out at all.",
        "是否允许略去结果。",
    ),
    "settings.agents.defaults.contextPruning.hardClear.placeholder": (
        "What stands in their place.",
        "代替它们的文字。",
    ),
    "settings.agents.defaults.subagents": ("Agents that agents have work done by.", "智能体派生的子智能体。"),
    "settings.agents.defaults.subagents.maxConcurrent": (
        "How many of them run at once in a process.",
        "每个进程同时运行的子智能体数。",
    ),
    "settings.agents.defaults.subagents.maxSpawnDepth": ("How deep they may be nested.", "最大嵌套深度。"),
    "settings.agents.defaults.subagents.maxChildrenPerAgent": (
        "How many a session may have at work at once.",
        "一个会话同时可有的子智能体数。",
    ),
    "settings.agents.defaults.subagents.model": (
        "Their model, instead of the agent's.",
        "它们使用的模型，取代智能体的模型。",
    ),
    "settings.agents.defaults.subagents.thinking": ("How much their model thinks.", "它们的思考强度。"),
    "settings.agents.defaults.subagents.runTimeoutSeconds": (
        "How long one may work; 0: as long as it wants.",
        "单个子智能体的最长用时（秒）；0 表示不限。",
    ),
    "settings.agents.list[].identity": ("How it presents itself.", "它的形象。"),
    "settings.agents.list[].identity.name": ("The name that it goes by.", "它自称的名字。"),
    "settings.agents.list[].identity.theme": ("Its character, in a few words.", "用几个词描述的性格。"),
    "settings.agents.list[].identity.emoji": ("An emoji for it.", "代表它的表情符号。"),
    "settings.agents.list[].identity.avatar": (
        "A picture: a file of its workspace, or a URL.",
        "头像：工作区中的文件或 URL。",
    ),
    "settings.agents.list[].subagents": ("Agents that it has work done by.", "它派生的子智能体。"),
    "settings.agents.list[].subagents.allowAgents": (
        "Which other agents it may have work done by; `*`: any.",
        "它可以差遣的其他智能体；`*` 表示任意。",
    ),
    "settings.agents.list[].subagents.model": ("Their model.", "它们使用的模型。"),
    "settings.agents.list[].subagents.thinking": ("How much their model thinks.", "它们的思考强度。"),
    "settings.bindings[]": (
        "Which agent answers which messages of the channels; the most specific one counts.",
        "渠道中的哪些消息由哪个智能体应答；以最具体的为准。",
    ),
    "settings.bindings[].agentId": ("The agent.", "智能体。"),
    "settings.bindings[].comment": ("A remark.", "备注。"),
    "settings.bindings[].match": ("Which messages it is for.", "适用于哪些消息。"),
    "settings.bindings[].match.channel": ("The channel.", "渠道。"),
    "settings.bindings[].match.accountId": (
        "The account in the channel; `*`: any. Unset: the default one.",
        "渠道中的账号；`*` 表示任意。未设置时为默认账号。",
    ),
    "settings.bindings[].match.peer": (
        "One chat: `kind` (`direct`, `group`, `channel`) and `id`.",
        "某个聊天：`kind`（`direct`、`group`、`channel`）与 `id`。",
    ),
    "settings.bindings[].match.guildId": ("The server (Discord).", "服务器（Discord）。"),
    "settings.bindings[].match.teamId": ("The workspace (Slack).", "工作区（Slack）。"),
    "settings.bindings[].match.roles": ("The sender has one of these roles there.", "发送者在其中拥有这些角色之一。"),
    "settings.messages": ("What happens to messages.", "消息的处理。"),
    "settings.messages.queue": ("Messages that come while the agent is at work.", "智能体工作期间到达的消息。"),
    "settings.messages.queue.mode": (
        "`steer` (into the running turn), `followup` (a turn each afterwards), `collect` (one turn for all of them), "
        "`steer-backlog` (both) or `interrupt`.",
        "`steer`（插入当前轮）、`followup`（之后逐条处理）、`collect`（合并为一轮）、`steer-backlog`（两者兼有）"
        "或 `interrupt`（中断当前轮）。",
    ),
    "settings.messages.queue.debounceMs": (
        "How long to wait for more messages before the next turn begins.",
        "下一轮开始前等待更多消息的时间（毫秒）。",
    ),
    "settings.messages.queue.debounceMsByChannel": ("The same for single channels.", "按渠道分别设置。"),
    "settings.messages.queue.cap": ("How many may wait in a session.", "每个会话最多等待的条数。"),
    "settings.messages.queue.drop": (
        "What goes when there are more: the `old`, the `new`, or the old but for a line about each (`summarize`).",
        "超出时舍弃 `old`（旧的）、`new`（新的），或舍弃旧的但各留一行摘要（`summarize`）。",
    ),
    "settings.tools.loopDetection": ("Agents that go in circles.", "智能体陷入循环的检测。"),
    "settings.tools.loopDetection.enabled": ("Whether they are watched for.", "是否检测。"),
    "settings.tools.loopDetection.historySize": ("How many of the last calls are looked at.", "检查最近多少次调用。"),
    "settings.tools.loopDetection.warningThreshold": (
        "After how many equal calls with equal results the agent is told.",
        "相同调用得到相同结果多少次后提醒智能体。",
    ),
    "settings.tools.loopDetection.criticalThreshold": (
        "After how many such a call is refused.",
        "多少次后拒绝该调用。",
    ),
    "settings.tools.loopDetection.globalCircuitBreakerThreshold": (
        "After how many of them in all the turn is stopped.",
        "累计多少次后停止本轮。",
    ),
    "settings.tools.loopDetection.detectors": ("What is looked for.", "检测的内容。"),
    "settings.tools.loopDetection.detectors.genericRepeat": ("The same call again and again.", "反复的相同调用。"),
    "settings.tools.loopDetection.detectors.pingPong": ("Two calls in turns.", "两个调用交替出现。"),
}
