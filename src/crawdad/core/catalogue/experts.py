"""Words of the templates of experts."""

MESSAGES: dict[str, tuple[str, str]] = {
    "experts.unknown": ("There is no expert template “{id}”.", "没有专家模板“{id}”。"),
    "experts.identity": (
        "# Who you are\n\n- Name: {name}\n- Character: {role}\n- Emoji: {emoji}\n- Avatar:\n\n{bio}\n\n"
        "## What you are good at\n\n{skills}\n",
        "# 你是谁\n\n- 名称：{name}\n- 角色：{role}\n- 表情：{emoji}\n- 头像：\n\n{bio}\n\n## 擅长的事\n\n{skills}\n",
    ),
    "experts.category.technical": ("Technical", "技术"),
    "experts.category.creative": ("Creative", "创意"),
    "experts.category.selfmedia": ("Social media", "自媒体"),
    "experts.category.finance": ("Finance", "财务"),
    "experts.category.management": ("Management", "管理"),
    "experts.category.legal": ("Legal", "法律"),
    "experts.category.education": ("Education", "教育"),
    "experts.category.lifestyle": ("Everyday life", "生活"),
}
