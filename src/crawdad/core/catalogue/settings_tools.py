"""Tools, sandbox, approvals: what the settings mean (see `catalogue.settings`)."""

_RULES: dict[str, tuple[str, str]] = {
    "allow": (
        "Only these tools: names, `group:` names, `*` allowed.",
        "仅允许这些工具：名称、`group:` 组名，可用 `*`。",
    ),
    "alsoAllow": (
        "These tools too, beside what profile and `allow` of the same place allow.",
        "在同一层的 profile 与 `allow` 之外，另外允许这些工具。",
    ),
    "deny": ("Never these tools; this wins over `allow`.", "禁止这些工具；优先于 `allow`。"),
}
_PROFILE = ("The set of tools to begin with.", "基础工具集。")
_SANDBOX: dict[str, tuple[str, str]] = {
    "mode": (
        "Which sessions run their programs in a sandbox: none, all but the main one, or all. With a sandbox asked for and "
        "none there, nothing runs.",
        "哪些会话在沙箱中运行程序：`off` 都不，`non-main` 除主会话外，`all` 全部。要求沙箱而本机没有时，不运行任何程序。",
    ),
    "backend": (
        "What keeps programs apart; `auto`: bubblewrap, else Docker or Podman.",
        "沙箱的实现；`auto` 优先 bubblewrap，其次 Docker 或 Podman。",
    ),
    "workspaceAccess": (
        "Whether the sandbox shows the workspace, and whether it may be written to.",
        "沙箱内能否看到工作区，以及能否写入。",
    ),
    "network": (
        "Whether bubblewrap lets programs reach the network.",
        "bubblewrap 中的程序能否访问网络。",
    ),
    "scope": (
        "Whose programs share a container: those of one session, of one agent, or of all that work in the same folder.",
        "哪些程序共用一个容器：`session` 同一会话，`agent` 同一智能体，`shared` 使用同一工作目录的全部智能体。",
    ),
    "prune": ("When a container that programs share is taken away.", "何时清除共用的容器。"),
    "prune.idleHours": (
        "After so many hours in which no program ran in it; 0: not for that reason.",
        "空闲多少小时后清除；0 表示不因空闲清除。",
    ),
    "prune.maxAgeDays": (
        "After so many days, once no program runs in it; 0: not for that reason.",
        "存在多少天后清除（待其中无程序运行时）；0 表示不因时间清除。",
    ),
    "docker": (
        "Containers. The profile is fixed: no capabilities, a read-only root, nothing of this machine but the workspace.",
        "容器。安全设置固定：无特权能力、根目录只读、除工作区外不挂载本机任何内容。",
    ),
    "docker.image": (
        "The image; it must be there already.",
        "镜像；必须已存在于本机。",
    ),
    "docker.network": ("The network: none, or the default bridge.", "网络：无，或默认网桥。"),
    "docker.user": ("Numbers of user and group inside.", "容器内的用户与组编号。"),
    "docker.memory": ("How much memory.", "内存上限。"),
    "docker.cpus": ("How many processors.", "处理器数量上限。"),
    "docker.pidsLimit": ("How many processes.", "进程数上限。"),
}


def _below(path: str, words: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {f"settings.{path}.{name}": pair for name, pair in words.items()}


MESSAGES: dict[str, tuple[str, str]] = {
    "settings.tools": ("What agents may do.", "智能体可以使用的工具。"),
    "settings.tools.profile": _PROFILE,
    **_below("tools", _RULES),
    "settings.tools.byProvider.<id>": (
        "What holds besides with models of a provider (or of `provider/model`).",
        "使用某服务商（或 `provider/model`）的模型时另外适用的规则。",
    ),
    "settings.tools.byProvider.<id>.profile": _PROFILE,
    **_below("tools.byProvider.<id>", _RULES),
    "settings.tools.bySender.<id>": (
        "What holds besides for a sender (`id` or `channel:id`, `*` allowed).",
        "对某发送者另外适用的规则（`id` 或 `channel:id`，可用 `*`）。",
    ),
    **_below("tools.bySender.<id>", _RULES),
    "settings.tools.byGroup.<id>": (
        "What holds besides in sessions whose key, behind the agent, is this (`qq:group:*`).",
        "会话键（去掉智能体部分后）符合此模式时另外适用的规则（如 `qq:group:*`）。",
    ),
    **_below("tools.byGroup.<id>", _RULES),
    "settings.tools.exec": ("Programs that agents run. There is no shell.", "智能体运行的程序。不经过 shell。"),
    "settings.tools.exec.security": (
        "What may run unasked: nothing at all, what is listed, or every program (a shell still asks, for exactly its text).",
        "无须询问即可运行的范围：全部禁止、仅列表内、所有程序（shell 仍须按原文逐次询问）。",
    ),
    "settings.tools.exec.ask": (
        "Whether the operator is asked: never, for what is not listed, or always.",
        "是否询问管理员：从不、不在列表中时、总是。",
    ),
    "settings.tools.exec.askFallback": (
        "What counts when nobody answers: no, or what the allowlist says.",
        "无人答复时：拒绝，或以允许列表为准。",
    ),
    "settings.tools.exec.untrusted": (
        "What becomes of programs in a turn that content from outside has come into (harmless filters always run), of those "
        "that nobody listed while such content of an earlier turn is in view, and of files that were made from it.",
        "如何处理以下程序：本轮有外部内容进入时（无害的过滤程序始终可以运行）；先前轮次的外部内容仍在上下文中而程序未列入允许列表时；"
        "以及由外部内容生成的文件。",
    ),
    "settings.tools.exec.pathPrepend": (
        "Folders where programs are looked for first.",
        "优先查找程序的文件夹。",
    ),
    "settings.tools.exec.safeBins": (
        "Programs that may run unasked as long as they only read their standard input.",
        "仅读取标准输入时无须询问即可运行的程序。",
    ),
    "settings.tools.exec.safeBinTrustedDirs": (
        "More folders that such programs may come from, beside those that only the system can write to.",
        "除仅系统可写的文件夹外，此类程序还可来自这些文件夹。",
    ),
    "settings.tools.exec.backgroundMs": (
        "Milliseconds after which a program goes on in the background.",
        "程序转入后台前等待的毫秒数。",
    ),
    "settings.tools.exec.timeoutSec": (
        "Seconds after which a program is ended.",
        "程序运行的最长秒数，超过即结束。",
    ),
    "settings.tools.exec.cleanupMs": (
        "How long the output of a program that has ended is kept, in milliseconds.",
        "已结束程序的输出保留的毫秒数。",
    ),
    "settings.tools.exec.mostRunning": (
        "How many programs of one agent may run at once.",
        "每个智能体同时运行的程序数上限。",
    ),
    "settings.tools.exec.notifyOnExit": (
        "Whether the agent is told when a program in the background has ended.",
        "后台程序结束时是否告知智能体。",
    ),
    "settings.tools.exec.notifyOnExitEmptySuccess": (
        "Whether it is told also when the program succeeded and printed nothing.",
        "程序成功且无输出时是否也告知。",
    ),
    "settings.tools.exec.applyPatch": ("The tool `apply_patch`.", "工具 `apply_patch`。"),
    "settings.tools.exec.applyPatch.enabled": ("Whether there is one.", "是否提供。"),
    "settings.tools.exec.applyPatch.allowModels": (
        "Only these models are offered it (names, `*` allowed); empty: all.",
        "仅向这些模型提供（名称，可用 `*`）；为空表示全部。",
    ),
    "settings.tools.exec.allowlist[]": ("Something that may run unasked.", "无须询问即可运行的程序。"),
    "settings.tools.exec.allowlist[].program": (
        "An absolute path, or the name of a program of the system.",
        "绝对路径，或系统程序的名称。",
    ),
    "settings.tools.exec.allowlist[].arguments": (
        "Its arguments, word for word; `*` is one that is no option, `...` at the end whatever follows. Programs that run "
        "others (interpreters, `find`, `tar`, `git`) must be listed word for word.",
        "逐个写出的参数；`*` 表示一个非选项参数，末尾的 `...` 表示其后任意参数。能运行其他程序的程序"
        "（解释器、`find`、`tar`、`git` 等）必须逐字列出。",
    ),
    "settings.tools.exec.allowlist[].sha256": (
        "The program's file must have this hash.",
        "程序文件必须符合该哈希值。",
    ),
    "settings.tools.exec.safeBinProfiles.<id>": (
        "How a program that only reads its standard input may be called; built-in rules can be narrowed only.",
        "仅读取标准输入的程序允许的调用方式；内置规则只能收紧。",
    ),
    "settings.tools.exec.safeBinProfiles.<id>.minPositional": (
        "At least so many words that are no options.",
        "非选项参数的最少个数。",
    ),
    "settings.tools.exec.safeBinProfiles.<id>.maxPositional": (
        "At most so many words that are no options.",
        "非选项参数的最多个数。",
    ),
    "settings.tools.exec.safeBinProfiles.<id>.allowedValueFlags": (
        "Options that take a value.",
        "允许的带值选项。",
    ),
    "settings.tools.exec.safeBinProfiles.<id>.allowedFlags": (
        "Options without a value.",
        "允许的无值选项。",
    ),
    "settings.tools.exec.safeBinProfiles.<id>.deniedFlags": ("Never these options.", "禁止的选项。"),
    "settings.tools.fs": ("Files.", "文件。"),
    "settings.tools.fs.workspaceOnly": (
        "Whether agents stay in their workspace. Otherwise they get everywhere but into Crawdad's own folder.",
        "智能体是否只能访问其工作区。否则除 Crawdad 自身的文件夹外均可访问。",
    ),
    "settings.tools.elevated": ("Programs outside the sandbox.", "在沙箱外运行程序。"),
    "settings.tools.elevated.enabled": ("Whether anybody may ask for that.", "是否允许申请。"),
    "settings.tools.elevated.allowFrom": (
        "Senders by channel; every program is still asked for.",
        "各渠道中允许的发送者；每个程序仍须询问。",
    ),
    "settings.tools.media": ("Files that come with messages.", "随消息收到的文件。"),
    "settings.tools.media.audio": (
        "Writing down what is said in voice messages of channels.",
        "将渠道中的语音消息转为文字。",
    ),
    "settings.tools.media.audio.enabled": ("Whether that is done.", "是否启用。"),
    "settings.tools.media.audio.models[]": (
        "The models that hear, tried in this order; without any nothing is written down.",
        "用于识别的模型，依次尝试；为空则不转写。",
    ),
    "settings.tools.media.audio.models[].type": (
        "`provider`; entries of programs (`cli`) are passed over.",
        "`provider`；程序条目（`cli`）会被忽略。",
    ),
    "settings.tools.media.audio.models[].provider": (
        "The provider, where `model` does not name it.",
        "服务商（`model` 中未写明时）。",
    ),
    "settings.tools.media.audio.models[].model": ("The model.", "模型名称。"),
    "settings.tools.media.audio.models[].language": ("`language` for this model.", "该模型的 `language`。"),
    "settings.tools.media.audio.models[].prompt": ("`prompt` for this model.", "该模型的 `prompt`。"),
    "settings.tools.media.audio.models[].maxBytes": ("`maxBytes` for this model.", "该模型的 `maxBytes`。"),
    "settings.tools.media.audio.models[].timeoutSeconds": (
        "`timeoutSeconds` for this model.",
        "该模型的 `timeoutSeconds`。",
    ),
    "settings.tools.media.audio.language": (
        "The language that is spoken, as a code such as `zh`; empty: the model finds out.",
        "语音的语言代码，例如 `zh`；为空时由模型判断。",
    ),
    "settings.tools.media.audio.prompt": (
        "Words that help the model, such as names.",
        "帮助识别的提示词，例如人名。",
    ),
    "settings.tools.media.audio.maxBytes": ("The largest recording.", "录音的大小上限（字节）。"),
    "settings.tools.media.audio.timeoutSeconds": ("How long a model may take.", "单个模型的最长耗时（秒）。"),
    "settings.tools.subagents": ("Agents that other agents started.", "由其他智能体启动的智能体。"),
    "settings.tools.subagents.tools": ("What holds besides for them.", "对其另外适用的规则。"),
    **_below("tools.subagents.tools", _RULES),
    "settings.tools.sandbox": ("Sessions in a sandbox.", "沙箱中的会话。"),
    "settings.tools.sandbox.tools": ("What holds besides for them.", "对其另外适用的规则。"),
    **_below("tools.sandbox.tools", _RULES),
    "settings.approvals": ("Asking the operator.", "征求管理员批准。"),
    "settings.approvals.timeoutSeconds": (
        "How long a turn waits for an answer; afterwards the answer is no.",
        "等待答复的秒数；超时视为拒绝。",
    ),
    "settings.approvals.mostPending": (
        "How many approvals may wait in one session.",
        "每个会话中等待批准的请求数上限。",
    ),
    "settings.approvals.keepDays": ("How long settled ones are kept.", "已处理请求的保留天数。"),
    "settings.agents.defaults.sandbox": (
        "How programs that agents run are kept apart from this machine.",
        "智能体运行的程序如何与本机隔离。",
    ),
    **_below("agents.defaults.sandbox", _SANDBOX),
    "settings.agents.list[].sandbox": (
        "What is different for this agent (keys as in `agents.defaults.sandbox`).",
        "该智能体的不同设置（键同 `agents.defaults.sandbox`）。",
    ),
    "settings.agents.list[].tools": (
        "What is different for this agent; it never gets more than `tools` leaves.",
        "该智能体的不同设置；不会超出 `tools` 的范围。",
    ),
    "settings.agents.list[].tools.profile": _PROFILE,
    **_below("agents.list[].tools", _RULES),
    "settings.agents.list[].tools.exec": (
        "Programs: keys as in `tools.exec`.",
        "程序：键同 `tools.exec`。",
    ),
    "settings.agents.list[].tools.fs": ("Files: keys as in `tools.fs`.", "文件：键同 `tools.fs`。"),
    "settings.agents.list[].tools.byProvider.<id>": (
        "What holds besides with models of a provider.",
        "使用某服务商的模型时另外适用的规则。",
    ),
    "settings.agents.list[].tools.byProvider.<id>.profile": _PROFILE,
    **_below("agents.list[].tools.byProvider.<id>", _RULES),
    "settings.agents.list[].tools.sandbox": ("In a sandbox.", "在沙箱中。"),
    "settings.agents.list[].tools.sandbox.tools": ("What holds besides in there.", "沙箱中另外适用的规则。"),
    **_below("agents.list[].tools.sandbox.tools", _RULES),
}
