"""Skills: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.skills": ("What agents have learnt.", "智能体的技能。"),
    "settings.skills.allowBundled": (
        "Which of the skills that come with Crawdad are used. Not set: all of them.",
        "启用哪些内置技能。未设置时全部启用。",
    ),
    "settings.skills.load": ("Where skills are looked for.", "在何处查找技能。"),
    "settings.skills.load.extraDirs": ("More directories of skills.", "更多技能目录。"),
    "settings.skills.limits": ("How much skills may be.", "技能数量与大小限制。"),
    "settings.skills.limits.maxCandidatesPerRoot": (
        "How many folders of one place are looked at.",
        "每个位置最多检查的文件夹数。",
    ),
    "settings.skills.limits.maxSkillsLoadedPerSource": (
        "How many skills of one place are used.",
        "每个位置最多使用的技能数。",
    ),
    "settings.skills.limits.maxSkillsInPrompt": (
        "How many skills the model is told of.",
        "告知模型的技能数上限。",
    ),
    "settings.skills.limits.maxSkillsPromptChars": (
        "How many characters the model is told about them.",
        "技能列表在提示词中的最大字符数。",
    ),
    "settings.skills.limits.maxSkillFileBytes": ("How large a SKILL.md may be.", "SKILL.md 的大小上限（字节）。"),
    "settings.skills.install": ("Installing skills.", "安装技能。"),
    "settings.skills.install.allowUploadedArchives": (
        "Whether operators may bring skills as archives over the control channel.",
        "是否允许操作员通过控制通道上传技能归档。",
    ),
    "settings.skills.install.trustedKeys": (
        "Ed25519 public keys (base64). What one of them signed needs no hash.",
        "受信任的 Ed25519 公钥（base64）；由其签名的技能包无需提供哈希。",
    ),
    "settings.skills.install.maxBytes": (
        "How large a skill may be, unpacked as well.",
        "技能包的大小上限（字节），解压后同样适用。",
    ),
    "settings.skills.install.maxFiles": ("How many files a skill may have.", "单个技能的文件数上限。"),
    "settings.skills.registry": ("Where skills are to be had.", "技能商店。"),
    "settings.skills.registry.url": (
        "The address of the registry: ClawHub's, or that of one with the same API.",
        "技能商店的地址：ClawHub，或接口相同的其他商店。",
    ),
    "settings.skills.entries.<id>": ("What holds for one skill, by its name or key.", "单个技能的设置，按名称或键。"),
    "settings.skills.entries.<id>.enabled": ("Whether it is used.", "是否启用。"),
    "settings.skills.entries.<id>.apiKey": (
        "The value of the variable that the skill names as its main one.",
        "技能声明的主环境变量的值。",
    ),
    "settings.skills.entries.<id>.env": (
        "Variables that the skill is said to have.",
        "视为该技能已具备的环境变量。",
    ),
    "settings.skills.entries.<id>.config": ("What the skill itself reads.", "技能自身读取的配置。"),
}
