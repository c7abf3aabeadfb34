"""Tools: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.tools": ("What agents may do.", "智能体可以使用的工具。"),
    "settings.tools.profile": ("The set of tools to begin with.", "基础工具集。"),
    "settings.tools.allow": (
        "Only these tools: names, `group:` names, `*` allowed.",
        "仅允许这些工具：名称、`group:` 组名，可用 `*`。",
    ),
    "settings.tools.deny": ("Never these tools; this wins over `allow`.", "禁止这些工具；优先于 `allow`。"),
}
