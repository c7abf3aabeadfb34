"""Words of `crawdad import`, and of what becomes of each thing that is moved."""

MESSAGES: dict[str, tuple[str, str]] = {
    "cli.import": ("Move in from another program.", "从其他程序迁移。"),
    "cli.import.openclaw": (
        "Bring configuration, agents, sessions, jobs, skills, devices and, if wanted, credentials of an OpenClaw. Nothing "
        "is changed there, and nothing comes twice.",
        "迁移 OpenClaw 的配置、智能体、会话、定时任务、技能、设备，以及（可选）凭据。不改动原有内容，重复运行不会重复导入。",
    ),
    "cli.import.folder": (
        "Its folder; ~/.openclaw, ~/.clawdbot or ~/.moltbot when not given.",
        "其目录；省略时为 ~/.openclaw、~/.clawdbot 或 ~/.moltbot。",
    ),
    "cli.import.dry_run": ("Only tell what would be done.", "仅显示将要执行的操作。"),
    "cli.import.credentials": (
        "Bring keys of vendors and the variables in .env as well, or not; asked for when not given.",
        "是否同时导入服务商密钥和 .env 中的变量；省略时会询问。",
    ),
    "cli.import.no_folder": ("There is no folder {folder}.", "目录 {folder} 不存在。"),
    "cli.import.nothing": (
        "No OpenClaw was found in ~/.openclaw, ~/.clawdbot and ~/.moltbot. Name its folder.",
        "在 ~/.openclaw、~/.clawdbot、~/.moltbot 中未找到 OpenClaw，请指定其目录。",
    ),
    "cli.import.itself": ("{folder} is Crawdad's own home directory.", "{folder} 是 Crawdad 自身的主目录。"),
    "cli.import.may_credentials": (
        "Bring the credentials in {folder} as well (keys of vendors, variables in .env)?",
        "是否同时导入 {folder} 中的凭据（服务商密钥、.env 变量）？",
    ),
    "cli.import.done": (
        "Nothing was changed there. Run it again at any time: what is here already is let be.",
        "原目录未做任何改动。可随时再次运行：已存在的内容保持不变。",
    ),
    "cli.import.dry": ("Nothing was done; this is what would be.", "未执行任何操作；以上为将要执行的内容。"),
    "cli.import.brought": ("Brought", "已导入"),
    "cli.import.there": ("There already", "已存在"),
    "cli.import.left": ("Left out", "未导入"),
    "cli.import.failed": ("Failed", "失败"),
    "cli.import.kind.configuration": ("configuration", "配置"),
    "cli.import.kind.variable": ("variable", "变量"),
    "cli.import.kind.credential": ("credential", "凭据"),
    "cli.import.kind.workspace": ("workspace", "工作区"),
    "cli.import.kind.session": ("session", "会话"),
    "cli.import.kind.job": ("job", "任务"),
    "cli.import.kind.device": ("device", "设备"),
    "cli.import.kind.skill": ("skill", "技能"),
    "cli.import.kind.approval": ("approval", "免询问命令"),
    "cli.import.kind.person": ("person", "联系人"),
    "cli.import.kind.other": ("other", "其他"),
    "moving.unreadable": ("cannot be read as JSON5", "无法按 JSON5 读取"),
    "moving.broken": ("{reason}", "{reason}"),
    "moving.not_wanted": (
        "credentials were not wanted; --credentials brings them",
        "未选择导入凭据；使用 --credentials 可导入",
    ),
    "moving.other_value": ("here with another value, which stays", "此处已有不同的值，保持不变"),
    "moving.in_the_way": (
        "a file of other content is in the way: {path}",
        "已有内容不同的文件：{path}",
    ),
    "moving.no_provider": ("does not say whose it is", "未说明所属服务商"),
    "moving.no_secret": ("holds no secret", "不含密钥"),
    "moving.by_variable": (
        "reads the variable or secret {variable}; set it here",
        "读取变量或密钥 {variable}，请在此处设置",
    ),
    "moving.sign_in": (
        "a sign-in at {provider} is not carried over; sign in again",
        "{provider} 的登录状态无法迁移，请重新登录",
    ),
    "moving.no_workspace": (
        "its workspace {path} is not there, and none lies in the folder",
        "其工作区 {path} 不存在，该文件夹内也没有",
    ),
    "moving.no_agent": ("there is no agent {agent} here", "此处没有智能体 {agent}"),
    "moving.workspace_around": (
        "{path} holds one of the two home directories; set a workspace of its own",
        "{path} 包含其中一方的主目录，请另设工作区",
    ),
    "moving.workspace_too_large": (
        "{path} has more than {files} files or {bytes} GiB; copy what you need by hand",
        "{path} 超过 {files} 个文件或 {bytes} GiB，请手动复制所需内容",
    ),
    "moving.other_file": ("another file of that name is here and stays", "此处已有同名的不同文件，保持不变"),
    "moving.no_file": ("a link, no plain file, or too large", "链接、非普通文件或文件过大"),
    "moving.copied": (
        "to {path}: {copied} files copied, {same} there already",
        "到 {path}：复制 {copied} 个文件，{same} 个已存在",
    ),
    "moving.no_transcript": ("its transcript is not there", "没有对应的记录文件"),
    "moving.under_another_key": ("its own key is taken here", "其会话键在此处已被占用"),
    "moving.earlier_log": ("an earlier conversation", "较早的会话"),
    "moving.no_key": ("its key does not fit its id", "密钥与设备 ID 不符"),
    "moving.token_anew": (
        "needs the gateway's token once, and gets a token of its own with it",
        "首次需使用网关令牌，之后会获得自己的令牌",
    ),
    "moving.unless_there": ("unless it is here already", "除非已存在"),
    "moving.left.credentials": (
        "sign-ins of channels: sign in again here",
        "渠道的登录信息：请在此处重新登录",
    ),
    "moving.approval_agent": (
        "it holds for one agent among several: allow it here when asked",
        "仅适用于多个智能体中的一个：请在此处询问时重新允许",
    ),
    "moving.approval_pattern": (
        "a pattern, not a program: allow it here when asked",
        "是通配模式而非具体程序：请在此处询问时重新允许",
    ),
    "moving.approval_word": ("it has no meaning here", "在此处没有对应含义"),
    "moving.approval_skills": (
        "programs of skills do not run unasked here",
        "技能所需的程序在此处不会免询问执行",
    ),
    "moving.no_channel_account": (
        "no account of that name is configured here",
        "此处没有配置该名称的账号",
    ),
    "moving.one_instance": (
        "stop it there before it starts here: both would take each other's messages",
        "在此处启动之前请先停用原处：两处会互相抢收消息",
    ),
    "moving.left.extensions": ("plugins: install those that you need", "插件：请按需安装"),
    "moving.left.hooks": ("programs that run inside OpenClaw", "在 OpenClaw 内部运行的程序"),
    "moving.left.memory": ("an index, made anew from the workspace", "索引，会根据工作区重新生成"),
    "moving.left.media": ("files that were kept for a while", "临时保留的文件"),
    "moving.left.runs": ("what jobs did before", "任务的历史运行记录"),
    "moving.left.sandboxes": ("containers are made anew", "容器会重新创建"),
    "moving.left.state": (
        "databases of newer versions are not read",
        "无法读取较新版本的数据库",
    ),
}
