"""Agents: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.agents": ("The agents.", "智能体。"),
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
}
