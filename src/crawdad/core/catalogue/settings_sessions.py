"""Sessions: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.session": ("How long a conversation lasts and who shares one.", "会话持续多久，以及由谁共享。"),
    "settings.session.scope": (
        "`per-sender` (a main session for each agent) or `global` (one for all).",
        "`per-sender`（每个智能体一个主会话）或 `global`（全部共用一个）。",
    ),
    "settings.session.dmScope": (
        "Which one-to-one chats share a session: all of them (`main`), those of one person, of one person in one "
        "channel, or in one account of it.",
        "哪些私聊共用一个会话：全部（`main`）、同一人、同一人在同一渠道，或同一人在同一渠道的同一账号。",
    ),
    "settings.session.identityLinks": (
        "One person's addresses: a name and a list of `channel:peer`. They share a session.",
        "同一个人的多个地址：名称对应一组 `channel:peer`，共用一个会话。",
    ),
    "settings.session.idleMinutes": (
        "The older spelling of `reset` with mode `idle`; counts where `reset` is not set.",
        "`reset` 的 `idle` 模式的旧写法；未设置 `reset` 时生效。",
    ),
    "settings.session.resetTriggers": (
        "Messages that begin a conversation anew; what follows is its first message.",
        "使对话重新开始的消息；其后的文字成为第一条消息。",
    ),
    "settings.session.reset": (
        "When a conversation begins anew by itself. Sessions of the REST interface, of jobs and of hooks never do.",
        "对话何时自动重新开始。REST 接口、定时任务和钩子的会话不会自动重置。",
    ),
    "settings.session.reset.mode": (
        "`daily` (at an hour, and when it has been idle if `idleMinutes` is set) or `idle`.",
        "`daily`（每天固定时刻；若设置了 `idleMinutes`，空闲过久也会）或 `idle`。",
    ),
    "settings.session.reset.atHour": ("The hour of local time.", "本地时间的小时数。"),
    "settings.session.reset.idleMinutes": (
        "After how many silent minutes; with `idle` 60 when not set.",
        "静默多少分钟之后；`idle` 模式未设置时为 60。",
    ),
    "settings.session.resetByType": (
        "The same for some kinds of chat, instead of `reset`.",
        "针对部分聊天类型，取代 `reset`。",
    ),
    "settings.session.resetByType.direct": ("One-to-one chats.", "私聊。"),
    "settings.session.resetByType.direct.mode": (
        "`daily` (at an hour, and when it has been idle if `idleMinutes` is set) or `idle`.",
        "`daily`（每天固定时刻；若设置了 `idleMinutes`，空闲过久也会）或 `idle`。",
    ),
    "settings.session.resetByType.direct.atHour": ("The hour of local time.", "本地时间的小时数。"),
    "settings.session.resetByType.direct.idleMinutes": (
        "After how many silent minutes; with `idle` 60 when not set.",
        "静默多少分钟之后；`idle` 模式未设置时为 60。",
    ),
    "settings.session.resetByType.dm": ("Another name of `direct`.", "`direct` 的别名。"),
    "settings.session.resetByType.dm.mode": (
        "`daily` (at an hour, and when it has been idle if `idleMinutes` is set) or `idle`.",
        "`daily`（每天固定时刻；若设置了 `idleMinutes`，空闲过久也会）或 `idle`。",
    ),
    "settings.session.resetByType.dm.atHour": ("The hour of local time.", "本地时间的小时数。"),
    "settings.session.resetByType.dm.idleMinutes": (
        "After how many silent minutes; with `idle` 60 when not set.",
        "静默多少分钟之后；`idle` 模式未设置时为 60。",
    ),
    "settings.session.resetByType.group": ("Groups.", "群聊。"),
    "settings.session.resetByType.group.mode": (
        "`daily` (at an hour, and when it has been idle if `idleMinutes` is set) or `idle`.",
        "`daily`（每天固定时刻；若设置了 `idleMinutes`，空闲过久也会）或 `idle`。",
    ),
    "settings.session.resetByType.group.atHour": ("The hour of local time.", "本地时间的小时数。"),
    "settings.session.resetByType.group.idleMinutes": (
        "After how many silent minutes; with `idle` 60 when not set.",
        "静默多少分钟之后；`idle` 模式未设置时为 60。",
    ),
    "settings.session.resetByType.thread": ("Threads and topics.", "话题与子线程。"),
    "settings.session.resetByType.thread.mode": (
        "`daily` (at an hour, and when it has been idle if `idleMinutes` is set) or `idle`.",
        "`daily`（每天固定时刻；若设置了 `idleMinutes`，空闲过久也会）或 `idle`。",
    ),
    "settings.session.resetByType.thread.atHour": ("The hour of local time.", "本地时间的小时数。"),
    "settings.session.resetByType.thread.idleMinutes": (
        "After how many silent minutes; with `idle` 60 when not set.",
        "静默多少分钟之后；`idle` 模式未设置时为 60。",
    ),
    "settings.session.resetByChannel.<id>": (
        "The same for one channel, instead of all others.",
        "针对某个渠道，优先于其他设置。",
    ),
    "settings.session.resetByChannel.<id>.mode": (
        "`daily` (at an hour, and when it has been idle if `idleMinutes` is set) or `idle`.",
        "`daily`（每天固定时刻；若设置了 `idleMinutes`，空闲过久也会）或 `idle`。",
    ),
    "settings.session.resetByChannel.<id>.atHour": ("The hour of local time.", "本地时间的小时数。"),
    "settings.session.resetByChannel.<id>.idleMinutes": (
        "After how many silent minutes; with `idle` 60 when not set.",
        "静默多少分钟之后；`idle` 模式未设置时为 60。",
    ),
    "settings.session.sendPolicy": ("Where agents may send to.", "智能体可以向哪里发送。"),
    "settings.session.sendPolicy.default": ("What holds where no rule matches.", "没有匹配规则时的动作。"),
    "settings.session.sendPolicy.rules[]": (
        "A rule; one that denies wins over those that allow.",
        "一条规则；拒绝优先于允许。",
    ),
    "settings.session.sendPolicy.rules[].action": ("What the rule does.", "规则的动作。"),
    "settings.session.sendPolicy.rules[].match": (
        "Which sessions it is about; what is left out matches all.",
        "适用于哪些会话；省略的条件匹配全部。",
    ),
    "settings.session.sendPolicy.rules[].match.channel": ("The channel.", "渠道。"),
    "settings.session.sendPolicy.rules[].match.chatType": ("The kind of chat.", "聊天类型。"),
    "settings.session.sendPolicy.rules[].match.keyPrefix": (
        "The beginning of the session key behind `agent:<id>:`.",
        "会话键中 `agent:<id>:` 之后部分的开头。",
    ),
    "settings.session.sendPolicy.rules[].match.rawKeyPrefix": (
        "The beginning of the whole session key.",
        "完整会话键的开头。",
    ),
    "settings.session.agentToAgent": ("Agents that talk to each other.", "智能体之间的对话。"),
    "settings.session.agentToAgent.maxPingPongTurns": (
        "How many turns they take in reply to each other; 0: none.",
        "彼此回复的最多回合数；0 表示不回复。",
    ),
    "settings.session.maintenance": (
        "How many sessions are listed, and for how long. What was said is kept until someone purges it.",
        "列出多少会话、保留多久。对话内容在有人清除之前一直保留。",
    ),
    "settings.session.maintenance.mode": (
        "`warn` only tells what would go; `enforce` takes it out of the lists.",
        "`warn` 仅提示；`enforce` 会将其移出列表。",
    ),
    "settings.session.maintenance.pruneAfter": (
        "How long a silent session is listed, such as `30d`; a number is in days.",
        "静默会话保留在列表中的时长，例如 `30d`；纯数字按天计。",
    ),
    "settings.session.maintenance.maxEntries": (
        "How many sessions of an agent are listed; the longest silent go first.",
        "每个智能体最多列出的会话数；静默最久的先移出。",
    ),
    "settings.session.maintenance.resetArchiveRetention": (
        "How long logs are kept that a session has left, such as `90d`; `false`: for ever.",
        "会话重置后旧记录的保留时长，例如 `90d`；`false` 表示永久。",
    ),
    "settings.tools.sessions": ("Which sessions an agent sees.", "智能体可以看到哪些会话。"),
    "settings.tools.sessions.visibility": (
        "`self` (its own), `tree` (and those that it began), `agent` (all of its agent's) or `all`.",
        "`self`（仅自身）、`tree`（及其派生的会话）、`agent`（本智能体的全部）或 `all`（所有）。",
    ),
    "settings.tools.agentToAgent": ("Whether agents may talk to each other.", "智能体之间能否对话。"),
    "settings.tools.agentToAgent.enabled": ("Whether they may at all.", "是否允许。"),
    "settings.tools.agentToAgent.allow": (
        "Which agents take part, `*` allowed; both ends must be listed. Empty: all.",
        "参与的智能体，可用 `*`；双方都须在列表中。为空表示全部。",
    ),
    "settings.gateway.restApi": (
        "`/api/v1`, and what one key may use of it in a minute.",
        "`/api/v1`，以及单个密钥每分钟的用量限制。",
    ),
    "settings.gateway.restApi.requestsPerMinute": (
        "How many requests; `null`: no limit.",
        "请求数；`null` 表示不限。",
    ),
    "settings.gateway.restApi.tokensPerMinute": (
        "How many tokens, input and output; `null`: no limit.",
        "输入与输出 Token 总数；`null` 表示不限。",
    ),
    "settings.gateway.restApi.contextTokensPerMinute": (
        "How many tokens of context, that is the size of the last prompt of each turn; `null`: no limit.",
        "上下文 Token 数，即每个回合最后一次提示的大小之和；`null` 表示不限。",
    ),
}
