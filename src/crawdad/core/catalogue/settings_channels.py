"""Channels, commands in chats, groups: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.messages.groupChat": ("Talking in groups.", "群聊。"),
    "settings.messages.groupChat.mentionPatterns": (
        "Regular expressions: a message of a group that one is found in speaks to the agent. Empty: the agent's name.",
        "正则表达式：群消息命中其一即视为对智能体说话。为空时使用智能体的名称。",
    ),
    "settings.messages.groupChat.historyLimit": (
        "How many messages that were not for the agent it is shown with the next that is.",
        "把此前未提及智能体的消息中最近多少条，随下一条提及它的消息一并展示。",
    ),
    "settings.messages.responsePrefix": ("Stands before every answer in a channel.", "渠道中每个回答前的前缀。"),
    "settings.messages.inbound": (
        "Messages of one sender that come in quick succession become one turn.",
        "同一发送者短时间内连发的消息合并为一轮。",
    ),
    "settings.messages.inbound.debounceMs": (
        "How long the next message is waited for. Files and commands are not waited with; 0: nothing is.",
        "等待下一条消息的时间（毫秒）。带文件的消息和命令不等待；0 为不合并。",
    ),
    "settings.messages.inbound.byChannel": ("The same by channel.", "按渠道分别设置。"),
    "settings.messages.ackReaction": (
        "An emoji that is put to a message once it is taken, where the platform has reactions. Empty: none.",
        "收下消息时在其上添加的表情（平台支持表情回应时）。为空则不添加。",
    ),
    "settings.messages.ackReactionScope": (
        "Which messages get it: of groups those that speak to the agent (`group-mentions`) or all that are answered "
        "(`group-all`), `direct` ones, `all`, or none (`off`, `none`).",
        "哪些消息会添加：群里提及智能体的（`group-mentions`）、群里所有会回答的（`group-all`）、私聊（`direct`）、"
        "全部（`all`）、不添加（`off`、`none`）。",
    ),
    "settings.messages.removeAckAfterReply": (
        "Whether it is taken away again with the answer.",
        "回答后是否撤掉该表情。",
    ),
    "settings.commands": ("Messages that begin with `/` and are for the gateway.", "以 `/` 开头、由网关处理的消息。"),
    "settings.commands.text": ("Whether there are such commands.", "是否启用这些命令。"),
    "settings.commands.ownerAllowFrom": (
        "Who is the operator in channels: `<channel>:<id>`, or an id alone. `*` counts for nobody.",
        "渠道中的管理员：`<渠道>:<ID>`，或仅写 ID。`*` 不代表任何人。",
    ),
    "settings.commands.allowFrom": (
        "Who may give commands in groups, by channel (`*`: any). Some are the operator's alone.",
        "谁可以在群里使用命令，按渠道列出（`*` 为任意渠道）。部分命令仅限管理员。",
    ),
    "settings.accessGroups": (
        "Lists of ids by name, for allow-lists to name as `accessGroup:<name>`.",
        "按名称定义的 ID 列表，可在白名单中以 `accessGroup:<名称>` 引用。",
    ),
    "settings.channels.<id>": (
        "The chat channels by id, each with the keys below and those of its own; `defaults` holds for all of them.",
        "按标识列出的聊天渠道，每个渠道包含下列通用键以及各自的键；`defaults` 对所有渠道生效。",
    ),
    "settings.channels.<id>.enabled": ("Whether the channel, or the account, runs.", "渠道（或账号）是否运行。"),
    "settings.channels.<id>.name": ("What the account is called in lists.", "账号在列表中的名称。"),
    "settings.channels.<id>.defaultAccount": (
        "The account that is meant where none is named.",
        "未指明账号时使用的账号。",
    ),
    "settings.channels.<id>.accounts": (
        "Several accounts by name, each with the same keys upon those of the channel.",
        "按名称列出的多个账号，可使用同样的键覆盖渠道的设置。",
    ),
    "settings.channels.<id>.dmPolicy": (
        "Who may write directly: those who were let in by a code (`pairing`), those of `allowFrom` (`allowlist`), everybody "
        "(`open`, and `allowFrom` must hold `*`), nobody (`disabled`).",
        "谁可以私聊：经配对码批准的人（`pairing`）、`allowFrom` 中的人（`allowlist`）、所有人（`open`，且 `allowFrom` "
        "须含 `*`）、无人（`disabled`）。",
    ),
    "settings.channels.<id>.allowFrom": ("Ids of those who may write.", "允许发言者的 ID。"),
    "settings.channels.<id>.groupPolicy": (
        "In which groups the agent answers: those that `groups` names (`allowlist`), all (`open`), none (`disabled`).",
        "智能体在哪些群里回答：`groups` 列出的群（`allowlist`）、所有群（`open`）、不回答（`disabled`）。",
    ),
    "settings.channels.<id>.groupAllowFrom": (
        "Who may speak to the agent in groups; unset: those of `allowFrom`.",
        "谁可以在群里对智能体说话；未设置时使用 `allowFrom`。",
    ),
    "settings.channels.<id>.groups.<id>": (
        "A group, by its id; `*` holds for all.",
        "一个群，以其 ID 为键；`*` 对所有群生效。",
    ),
    "settings.channels.<id>.groups.<id>.enabled": ("Whether the agent answers there.", "是否在该群回答。"),
    "settings.channels.<id>.groups.<id>.requireMention": (
        "Whether it answers only when it is spoken to; unset: yes.",
        "是否仅在被提及时回答；未设置时为是。",
    ),
    "settings.channels.<id>.groups.<id>.allowFrom": ("Who may speak to it there.", "谁可以在该群对它说话。"),
    "settings.channels.<id>.groups.<id>.tools": (
        "What its tools are narrowed to there: `allow` (only these) and `deny` (not these).",
        "在该群中工具的限制范围：`allow`（仅允许这些工具）与 `deny`（禁止这些工具）。",
    ),
    "settings.channels.<id>.groups.<id>.toolsBySender.<id>": (
        "What tools are narrowed to for the sender of that id (`*`: all others), instead of `tools`.",
        "按发送者 ID 限制其可用的工具（`*` 为其余的人），代替 `tools`。",
    ),
    "settings.channels.<id>.groups.<id>.toolsBySender.<id>.allow": ("Only these.", "仅允许这些工具。"),
    "settings.channels.<id>.groups.<id>.toolsBySender.<id>.deny": ("Not these.", "禁止这些工具。"),
    "settings.channels.<id>.groups.<id>.skills": (
        "Only these of the agent's skills are offered there; unset: all.",
        "在该群中只提供这些技能；未设置时为全部。",
    ),
    "settings.channels.<id>.groups.<id>.systemPrompt": (
        "What the agent is told besides, there.",
        "在该群中附加给智能体的提示。",
    ),
    "settings.channels.<id>.groups.<id>.historyLimit": (
        "`messages.groupChat.historyLimit` of this group.",
        "该群的 `messages.groupChat.historyLimit`。",
    ),
    "settings.channels.<id>.implicitMentions": (
        "What counts as speaking to the agent without naming it.",
        "哪些情况即使没有点名也算对智能体说话。",
    ),
    "settings.channels.<id>.implicitMentions.reply": ("An answer to a message of its own.", "回复它的消息。"),
    "settings.channels.<id>.implicitMentions.quote": ("A quotation of one.", "引用它的消息。"),
    "settings.channels.<id>.implicitMentions.thread": ("A thread in which it has spoken.", "它发过言的话题串。"),
    "settings.channels.<id>.historyLimit": (
        "`messages.groupChat.historyLimit` of this channel.",
        "该渠道的 `messages.groupChat.historyLimit`。",
    ),
    "settings.channels.<id>.textChunkLimit": (
        "The longest message, in the platform's counting; unset: what the platform takes.",
        "单条消息的最大长度（按平台的计数方式）；未设置时为平台上限。",
    ),
    "settings.channels.<id>.mediaMaxMb": (
        "The largest file, in and out, in MiB; unset: what the platform takes.",
        "收发文件的大小上限（MiB）；未设置时为平台上限。",
    ),
    "settings.channels.<id>.streaming": ("How an answer is shown while it grows.", "回答生成过程的展示方式。"),
    "settings.channels.<id>.streaming.mode": (
        "`partial` edits one message, `block` sends paragraphs as they come, `off` sends the whole (`progress` is read as "
        "`partial`). Unset: as the channel does best.",
        "`partial` 持续编辑同一条消息，`block` 逐段发送，`off` 一次性发送（`progress` 视同 `partial`）。未设置时由渠道决定。",
    ),
    "settings.channels.<id>.streaming.chunkMode": (
        "Whether long answers are cut by `length`, or a message for each paragraph (`newline`).",
        "长回答按长度切分（`length`），还是每段一条消息（`newline`）。",
    ),
    "settings.channels.<id>.streaming.block": ("Sending by paragraphs.", "逐段发送。"),
    "settings.channels.<id>.streaming.block.enabled": (
        "The older spelling of `mode: block`.",
        "`mode: block` 的旧写法。",
    ),
    "settings.channels.<id>.streaming.block.coalesce": ("How long the pieces are.", "每段的长度。"),
    "settings.channels.<id>.streaming.block.coalesce.minChars": ("At least so many characters.", "最少字符数。"),
    "settings.channels.<id>.streaming.block.coalesce.maxChars": (
        "More than so many are cut also where no paragraph ends.",
        "超过该字符数时，即使段落未结束也会切分。",
    ),
    "settings.channels.<id>.replyToMode": (
        "Whether answers quote what they answer: `off`, the `first` message, `all`. Unset: in groups the first.",
        "回答是否引用原消息：`off`、仅首条（`first`）、全部（`all`）。未设置时在群里引用首条。",
    ),
    "settings.channels.<id>.typing": ("Whether to show that an answer is being written.", "是否显示“正在输入”。"),
    "settings.channels.<id>.quota": (
        "How much the platform takes after somebody wrote; what is more is parked until they write again.",
        "对方发言后平台接收多少消息；超出的部分会暂存，待对方再次发言后发送。",
    ),
    "settings.channels.<id>.quota.messages": (
        "So many messages; 0: no limit; unset: as the channel knows it.",
        "消息条数；0 为不限；未设置时由渠道决定。",
    ),
    "settings.channels.<id>.quota.windowSeconds": (
        "For so long; 0: no limit; unset: as the channel knows it.",
        "时间窗口（秒）；0 为不限；未设置时由渠道决定。",
    ),
    "settings.channels.<id>.quota.mostParked": (
        "How many answers are parked for a chat; the oldest goes when there are more.",
        "每个会话最多暂存多少条回答；超出时丢弃最早的。",
    ),
    "settings.channels.<id>.quota.parkedSeconds": ("How long they are parked.", "暂存多长时间（秒）。"),
    "settings.channels.<id>.toolsFrom": (
        "Whose messages may have the agent use tools; unset: those of all who may write. The operator always may.",
        "谁的消息可以让智能体使用工具；未设置时为所有可发言者。管理员始终可以。",
    ),
    "settings.channels.<id>.rateLimit": ("How readily the agent speaks up.", "智能体开口的频率。"),
    "settings.channels.<id>.rateLimit.wakeProbability": (
        "In per cent: how often it answers a message of a group that does not speak to it. Unset: never, or always where "
        "`requireMention` is false.",
        "百分比：群消息没有触发唤醒时，仍然回答的概率。未设置时为不回答；`requireMention` 为 false 时则总是回答。",
    ),
    "settings.channels.<id>.rateLimit.minIntervalSec": (
        "The least time between two answers in one group; what is said meanwhile it sees with the next. The operator and "
        "commands are not held to it.",
        "同一个群里两次回答之间的最短间隔（秒）；期间的消息会随下一条一并展示给它。管理员和命令不受此限。",
    ),
    "settings.channels.<id>.rateLimit.wakeTrigger": (
        "What counts as speaking to the agent.",
        "哪些情况算对智能体说话（唤醒）。",
    ),
    "settings.channels.<id>.rateLimit.wakeTrigger.mode": (
        "Whether `any` of those that are on is enough, or `all` have to hold at once.",
        "满足任一启用的条件即可（`any`），还是须同时满足（`all`）。",
    ),
    "settings.channels.<id>.rateLimit.wakeTrigger.mentionName": (
        "The agent's name, or one of `messages.groupChat.mentionPatterns`.",
        "提到智能体的名称，或命中 `messages.groupChat.mentionPatterns`。",
    ),
    "settings.channels.<id>.rateLimit.wakeTrigger.atBot": (
        "The platform's own mention, and what `implicitMentions` counts as one.",
        "被平台的 @ 提及，以及 `implicitMentions` 视同提及的情况。",
    ),
    "settings.channels.<id>.rateLimit.wakeTrigger.keywords": (
        "Words that wake it wherever they stand, in capitals or not.",
        "消息中出现即唤醒的关键词，不区分大小写。",
    ),
    "settings.channels.<id>.rateLimit.wakeTrigger.directMessage": (
        "Every message of a direct chat; off: there too only what the other triggers are met by.",
        "私聊消息一律唤醒；关闭后，私聊也须满足其他条件。",
    ),
    "settings.channels.<id>.rateLimit.errorDedup": ("Errors told in chats.", "会话中的错误提示。"),
    "settings.channels.<id>.rateLimit.errorDedup.enabled": (
        "Whether the same error is told in a chat only once in a while.",
        "同一会话中相同的错误是否在一段时间内只提示一次。",
    ),
    "settings.channels.<id>.rateLimit.errorDedup.thresholdSec": ("How long that is.", "这段时间的长度（秒）。"),
    "settings.channels.<id>.requests": (
        "What becomes of requests for friendship and of invitations to groups: put to the operator as an approval (`ask`), "
        "`accept` or `refuse`.",
        "好友申请和入群邀请的处理方式：作为审批交给管理员（`ask`）、`accept` 或 `refuse`。",
    ),
}
