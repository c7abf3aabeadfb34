"""The questions by which a gateway is set up."""

MESSAGES: dict[str, tuple[str, str]] = {
    "wizard.welcome.title": ("Setting up Crawdad", "设置 Crawdad"),
    "wizard.welcome.message": (
        "A few questions give the gateway its first model. Nothing is written before the last one is answered.",
        "回答几个问题即可为网关配置第一个模型。回答完最后一个问题之前不会写入任何内容。",
    ),
    "wizard.provider.title": ("Provider", "服务商"),
    "wizard.provider.message": ("Where are your models to be had?", "您使用哪家的模型？"),
    "wizard.provider.other": ("Another one that speaks as OpenAI does", "其他兼容 OpenAI 接口的服务商"),
    "wizard.provider.none": ("None for now", "暂不配置"),
    "wizard.baseUrl.title": ("Address", "地址"),
    "wizard.baseUrl.message": (
        "The address of its API, up to and with /v1.",
        "其 API 的地址，包含末尾的 /v1。",
    ),
    "wizard.apiKey.title": ("API key", "API 密钥"),
    "wizard.apiKey.message": (
        "It is written into the configuration on the gateway's machine, and shown to nobody again.",
        "密钥将写入网关所在机器的配置，此后不再显示。",
    ),
    "wizard.model.title": ("Model", "模型"),
    "wizard.model.message": ("Which model do agents think with?", "智能体使用哪个模型？"),
    "wizard.workspace.title": ("Workspace", "工作区"),
    "wizard.workspace.message": (
        "The folder that the main agent works in; empty: the usual one.",
        "主智能体的工作文件夹；留空则使用默认文件夹。",
    ),
    "wizard.confirm.title": ("Write it?", "写入配置？"),
    "wizard.confirm.message": (
        "The answers become part of the configuration, and count at once.",
        "以上回答将写入配置并立即生效。",
    ),
    "wizard.no_option": ("That is none of the answers.", "这不是可选的回答。"),
    "wizard.no_text": ("A line of text is wanted.", "请输入一行文字。"),
    "wizard.no_url": (
        "An http or https address is wanted, without a credential in it.",
        "请输入不含凭据的 http 或 https 地址。",
    ),
    "wizard.only_local": (
        "Only this gateway itself can be set up here.",
        "此处只能设置当前网关本身。",
    ),
    "wizard.running": ("wizard already running", "设置向导正在进行"),
    "wizard.not_found": ("wizard not found", "未找到设置向导"),
    "wizard.other_step": ("That is not the question that was asked.", "这不是当前的问题。"),
    "control.wizard.start": ("Begin to set the gateway up by questions.", "开始以问答方式设置网关。"),
    "control.wizard.next": ("Answer a question; the next one.", "回答问题并取得下一个问题。"),
    "control.wizard.cancel": ("Stop asking.", "取消设置向导。"),
    "control.wizard.status": ("How it stands.", "设置向导的状态。"),
    "control.update.run": (
        "Put the newest version in place. Where something else brings newer versions it says so, and nothing happens.",
        "安装最新版本。若由其他方式负责升级，则如实告知且不做任何更改。",
    ),
    "control.update.status": ("What the last look for a newer version found.", "最近一次检查更新的结果。"),
    "control.update_runs": ("It is still under way: task {id}.", "更新仍在进行：任务 {id}。"),
}
