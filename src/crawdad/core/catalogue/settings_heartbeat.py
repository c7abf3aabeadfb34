"""The heartbeat: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.agents.defaults.heartbeat": (
        "When an agent looks by itself whether something wants its attention.",
        "智能体何时自行检查是否有事需要处理。",
    ),
    "settings.agents.defaults.heartbeat.every": (
        "How often (`30m`, `1h`); `0m` never.",
        "间隔（如 `30m`、`1h`）；`0m` 表示从不。",
    ),
}
