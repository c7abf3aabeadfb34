"""Skills: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.skills": ("What agents have learnt.", "智能体的技能。"),
    "settings.skills.load": ("Where skills are looked for.", "在何处查找技能。"),
    "settings.skills.load.extraDirs": ("More directories of skills.", "更多技能目录。"),
}
