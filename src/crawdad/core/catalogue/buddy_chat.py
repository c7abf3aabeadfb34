"""Words of OpenClaw Buddy's contract about chat, quick commands, WeChat and backups of the configuration."""

MESSAGES: dict[str, tuple[str, str]] = {
    "buddy.chat_on": (
        "Chat is on. It counts at once: no restart is needed.",
        "聊天功能已开启，立即生效，无需重启网关。",
    ),
    "buddy.no_text": (
        "`{field}` is missing, empty or longer than {most} characters.",
        "`{field}` 缺失、为空或超过 {most} 个字符。",
    ),
    "buddy.no_number": ("`{field}` is not a number.", "`{field}` 不是数字。"),
    "buddy.bad_backup_name": ("There can be no backup of that name.", "备份名称无效。"),
    "buddy.config.save": ("Save the configuration", "保存配置"),
    "buddy.config.save.done": ("The configuration is saved and in effect.", "配置已保存并立即生效"),
    "buddy.restored": ("The configuration of the backup is in effect.", "已恢复备份中的配置并立即生效"),
    "buddy.other_version": (
        "Crawdad updates itself to the newest version ({newest}) and to no other.",
        "Crawdad 只能升级到最新版本（{newest}），不能指定其他版本。",
    ),
    "buddy.no_backup": ("There is no backup of that name.", "没有这个名称的备份。"),
    "buddy.no_difference": ("无差异", "无差异"),
    "buddy.secrets_differ": (
        "Only secrets differ, which are not shown.",
        "只有密钥类内容不同，此处不予显示。",
    ),
    "buddy.nothing_to_scan": (
        "WeChat is signed in already: with `force=true` another sign-in begins.",
        "微信已登录；如需重新登录，请加上 `force=true`。",
    ),
    "buddy.sign_in": ("Sign WeChat in", "微信扫码登录"),
    "buddy.not_signed_in": ("Nobody signed in: {state}.", "未完成登录：{state}。"),
    "buddy.no_code_wanted": ("No number is asked for at the moment.", "当前不需要输入数字验证码。"),
    "buddy.install_wechat": ("Turn the WeChat channel on", "启用微信渠道"),
    "quick.too_many": ("There are {most} quick commands already.", "快捷指令已达上限（{most} 条）。"),
    "quick.system": ("The built-in quick commands stay.", "系统内置的快捷指令不能删除。"),
    "quick.soul.label": ("Soul", "灵魂设定"),
    "quick.soul.prompt": (
        "Read your SOUL.md and tell me in short what it says of you.",
        "请读取你的 SOUL.md，并简要说明其中对你的设定。",
    ),
    "quick.identity.label": ("Identity", "身份设定"),
    "quick.identity.prompt": (
        "Read your IDENTITY.md and introduce yourself.",
        "请读取你的 IDENTITY.md，并做一个自我介绍。",
    ),
    "quick.memory.label": ("Memory", "记忆内容"),
    "quick.memory.prompt": (
        "What have you noted down in MEMORY.md? Sum it up.",
        "你在 MEMORY.md 里记录了哪些内容？请总结一下。",
    ),
    "quick.model.label": ("Current model", "当前模型"),
    "quick.model.prompt": ("Which model are you running on right now?", "你现在使用的是哪个模型？"),
    "quick.models.label": ("Models", "模型列表"),
    "quick.models.prompt": ("Which models can you be switched to?", "你可以切换到哪些模型？"),
    "quick.status.label": ("Status", "运行状态"),
    "quick.status.prompt": (
        "Show me the status of this session: model, context used, and tools.",
        "请显示当前会话的状态：模型、上下文用量和可用工具。",
    ),
}
