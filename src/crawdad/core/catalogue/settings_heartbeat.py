"""The heartbeat: what the settings mean (see `catalogue.settings`)."""

_IN = "settings.agents.defaults.heartbeat"

MESSAGES: dict[str, tuple[str, str]] = {
    _IN: (
        "When an agent looks by itself whether something wants its attention.",
        "智能体何时自行检查是否有事需要处理。",
    ),
    "settings.agents.list[].heartbeat": (
        "Its own heartbeat, with what differs from `agents.defaults.heartbeat`. Where any agent has one, only those that do "
        "have a heartbeat.",
        "该智能体自己的心跳，填写与 `agents.defaults.heartbeat` 不同的项。只要有智能体设置了此项，就只有设置了的智能体有心跳。",
    ),
    f"{_IN}.every": ("How often (`30m`, `1h`); `0m` never.", "间隔（如 `30m`、`1h`）；`0m` 表示从不。"),
    f"{_IN}.activeHours": ("At which hours it does so.", "在哪些时段检查。"),
    f"{_IN}.activeHours.start": ("From when on (`09:00`).", "开始时间（如 `09:00`）。"),
    f"{_IN}.activeHours.end": (
        "Until when (`22:00`, `24:00`); earlier than the start: over midnight.",
        "结束时间（如 `22:00`、`24:00`）；早于开始时间表示跨越午夜。",
    ),
    f"{_IN}.activeHours.timezone": (
        "`user` (that of the agents), `local` (the machine's) or a zone by name.",
        "`user`（智能体的时区）、`local`（本机时区）或时区名称。",
    ),
    f"{_IN}.target": (
        "Where it tells what it found: `none`, `last` (where the last message came from) or a channel.",
        "发现事项时的通知去向：`none`、`last`（最近一条消息的来源）或某个渠道。",
    ),
    f"{_IN}.to": ("To whom on that channel.", "该渠道上的接收者。"),
    f"{_IN}.accountId": ("From which account of that channel.", "使用该渠道的哪个账号。"),
    f"{_IN}.model": ("Its model, where it is another than the agent's.", "所用模型（与智能体的模型不同时）。"),
    f"{_IN}.session": ("The session it looks at.", "检查所用的会话。"),
    f"{_IN}.prompt": ("What the agent is asked.", "向智能体提出的提示。"),
    f"{_IN}.ackMaxChars": (
        "How much text may stand beside `HEARTBEAT_OK` without being told to anybody.",
        "`HEARTBEAT_OK` 之外允许的文字长度，不超过此长度则不通知任何人。",
    ),
    f"{_IN}.contextMessages": (
        "How many of the session's latest messages it sees.",
        "可见的会话最近消息数。",
    ),
    f"{_IN}.maxPerHour": (
        "How often in an hour at most, whatever wakes it.",
        "无论由何唤醒，每小时最多检查的次数。",
    ),
}
