"""Plugins: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.plugins": ("Other people's code.", "插件（第三方代码）。"),
    "settings.plugins.enabled": ("Whether plugins are used at all.", "是否启用插件。"),
    "settings.plugins.allow": (
        "When set, only these plugins are used (by id).",
        "设置后仅启用这些插件（按 id）。",
    ),
    "settings.plugins.deny": (
        "Plugins that are never used; this goes before all else.",
        "永不启用的插件，优先于其他设置。",
    ),
    "settings.plugins.load": ("Where plugins are looked for.", "在何处查找插件。"),
    "settings.plugins.load.paths": (
        "Directories of plugins, or with several of them, that are used where they lie.",
        "插件目录，或包含多个插件的目录；直接在原处使用。",
    ),
    "settings.plugins.slots": (
        "Of several plugins that do the same thing, the one that does it.",
        "多个插件提供同一功能时选用的插件。",
    ),
    "settings.plugins.slots.memory": (
        "The plugin that has the memory of agents: `memory-core` comes with Crawdad; `none`: no plugin.",
        "负责智能体记忆的插件：`memory-core` 为内置；`none` 表示不使用。",
    ),
    "settings.plugins.install": ("Installing plugins.", "安装插件。"),
    "settings.plugins.install.trustedKeys": (
        "Ed25519 public keys (base64). What one of them signed needs no hash.",
        "受信任的 Ed25519 公钥（base64）；由其签名的插件包无需提供哈希。",
    ),
    "settings.plugins.install.maxBytes": (
        "How large a plugin may be, unpacked and with what it depends on.",
        "插件的大小上限（字节），含解压后的内容及其依赖。",
    ),
    "settings.plugins.install.maxFiles": ("How many files a plugin may have.", "单个插件的文件数上限。"),
    "settings.plugins.limits": (
        "What a plugin may take before it is set down.",
        "插件在被停用前可占用的资源。",
    ),
    "settings.plugins.limits.callSeconds": ("How long a call may take.", "单次调用的时限（秒）。"),
    "settings.plugins.limits.hookSeconds": ("How long a hook may take.", "单个钩子的时限（秒）。"),
    "settings.plugins.limits.startSeconds": ("How long a plugin may take to begin.", "插件启动的时限（秒）。"),
    "settings.plugins.limits.blockSeconds": (
        "How long a plugin may hold the event loop without a pause; then it is interrupted.",
        "插件连续占用事件循环的时限（秒），超过即被中断。",
    ),
    "settings.plugins.limits.failures": (
        "After how many failures within `failureMinutes` it is set down.",
        "在 `failureMinutes` 内失败多少次后停用。",
    ),
    "settings.plugins.limits.failureMinutes": (
        "Within how many minutes failures count.",
        "统计失败次数的时间窗口（分钟）。",
    ),
    "settings.plugins.limits.tasks": ("How many tasks a plugin may have running.", "单个插件可同时运行的任务数。"),
    "settings.plugins.limits.memoryMegabytes": (
        "The address space that a plugin in a process apart may have.",
        "独立进程中的插件可用的地址空间（MB）。",
    ),
    "settings.plugins.limits.sandbox": (
        "Whether a plugin in a process apart is kept in a sandbox of bubblewrap: `auto` where that works, `required` or it is"
        " not loaded, `off` never.",
        "独立进程中的插件是否置于 bubblewrap 沙箱中：`auto` 表示可用时使用，`required` 表示不可用时不加载，`off` 表示不使用。",
    ),
    "settings.plugins.entries.<id>": ("What holds for one plugin, by its id.", "单个插件的设置，按 id。"),
    "settings.plugins.entries.<id>.enabled": (
        "Whether it is used. Not set: an installed one is, one from the Python environment is not.",
        "是否启用。未设置时，已安装的启用，Python 环境中的不启用。",
    ),
    "settings.plugins.entries.<id>.config": (
        "The plugin's own settings, checked against the schema in its manifest.",
        "插件自身的设置，按其清单中的模式校验。",
    ),
    "settings.plugins.entries.<id>.isolated": (
        "Whether it runs in a process apart. Not set: as its manifest says.",
        "是否在独立进程中运行。未设置时以清单为准。",
    ),
}
