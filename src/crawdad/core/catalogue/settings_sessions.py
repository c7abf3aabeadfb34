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
}
