"""Providers, names and prices of models, and trying again: what the settings mean (see `catalogue.settings`)."""

_PRICES: dict[str, tuple[str, str]] = {
    "input": ("Input.", "输入。"),
    "output": ("Output.", "输出。"),
    "cacheRead": (
        "Input read from a prompt cache; the price of input when not set.",
        "从提示缓存读取的输入；未设置时同输入价格。",
    ),
    "cacheWrite": (
        "Input written to a prompt cache; the price of input when not set.",
        "写入提示缓存的输入；未设置时同输入价格。",
    ),
    "cacheWrite1h": (
        "Input written to a prompt cache for an hour; the price of other cache writes when not set.",
        "写入一小时提示缓存的输入；未设置时同 cacheWrite。",
    ),
    "audioInput": ("Sound in the input; the price of input when not set.", "音频输入；未设置时同输入价格。"),
    "audioOutput": ("Sound in the output; the price of output when not set.", "音频输出；未设置时同输出价格。"),
    "imageInput": ("Pictures in the input; the price of input when not set.", "图像输入；未设置时同输入价格。"),
    "imageOutput": ("Pictures in the output; the price of output when not set.", "图像输出；未设置时同输出价格。"),
    "picture": (
        "One picture, of models that are paid by the picture.",
        "每张图片的价格，用于按张计费的模型。",
    ),
    "minute": (
        "A minute of sound, of models that are paid by its length.",
        "每分钟音频的价格，用于按时长计费的模型。",
    ),
    "characters": (
        "A million characters, of models that are paid by them.",
        "每百万字符的价格，用于按字符计费的模型。",
    ),
    "request": ("One request, beside what its tokens cost.", "每次请求的价格，与 Token 费用另计。"),
    "webSearch": ("One search that the vendor makes on the side.", "服务商每次联网搜索的价格。"),
    "tiers[]": (
        "Other prices of requests with much input. What a tier leaves out stays as it is below it.",
        "长输入请求的其他价格；未列出的项沿用低一级的价格。",
    ),
    "tiers[].above": ("From more than this many input tokens on.", "输入 token 超过此数时适用。"),
    "tiers[].input": ("Input.", "输入。"),
    "tiers[].output": ("Output.", "输出。"),
    "tiers[].cacheRead": ("Input read from a prompt cache.", "从提示缓存读取的输入。"),
    "tiers[].cacheWrite": ("Input written to a prompt cache.", "写入提示缓存的输入。"),
    "tiers[].cacheWrite1h": ("Input written to a prompt cache for an hour.", "写入一小时提示缓存的输入。"),
}
MESSAGES: dict[str, tuple[str, str]] = {
    "settings.models": ("Providers, names and where they lead.", "服务商、模型名及其去向。"),
    "settings.models.mode": (
        "`merge` adds the providers whose key variables are set; `replace` uses those of the file alone.",
        "`merge` 会加入由环境变量密钥带来的服务商；`replace` 只使用文件中的。",
    ),
    "settings.models.aliases": (
        'A name of your own: the model it means (`fast: "deepseek/deepseek-chat"`).',
        '自定义名称及其所指的模型（`fast: "deepseek/deepseek-chat"`）。',
    ),
    "settings.models.default": (
        "Where names go that lead nowhere. When not set, they are a 404 that suggests near names.",
        "未知模型名的去处。未设置时返回 404 并给出相近名称。",
    ),
    "settings.models.discoverLocal": (
        "Whether to look for a local Ollama, LM Studio or vLLM when no provider is configured.",
        "未配置服务商时是否寻找本机的 Ollama、LM Studio 或 vLLM。",
    ),
    "settings.models.localServers": (
        'Where to look for one that is not at its customary address (`vllm: "http://127.0.0.1:8001/v1"`).',
        '不在惯常地址的本机服务的地址（`vllm: "http://127.0.0.1:8001/v1"`）。',
    ),
    "settings.models.demo": ("Whether `crawdad/demo` is offered.", "是否提供 `crawdad/demo`。"),
    "settings.models.providers.<id>": (
        "A provider, under a name of your choice: its models are called `<id>/<model>`.",
        "一个服务商，名称自定：其模型名为 `<id>/<model>`。",
    ),
    "settings.models.proxy": (
        "An HTTP proxy for every provider that names none itself; when not set, the one that the environment names.",
        "未单独设置代理的服务商所用的 HTTP 代理；未设置时使用环境变量。",
    ),
    "settings.models.firstByteTimeoutSeconds": (
        "How long a provider may take to begin its answer, where it says nothing itself.",
        "等待服务商开始回答的时间（秒），服务商未单独设置时生效。",
    ),
    "settings.models.background": (
        "Small errands that coding tools run beside the conversation (a title, a summary), in Anthropic's protocol.",
        "编程工具在对话之外的小任务（生成标题、摘要等），仅限 Anthropic 协议。",
    ),
    "settings.models.background.enabled": (
        "Whether they go to a model of their own.",
        "是否交给单独的模型处理。",
    ),
    "settings.models.background.model": (
        "That model: any name that can be asked for, such as one that a mapping rule leads on.",
        "该模型：任何可请求的名称，例如由映射规则指向的名称。",
    ),
    "settings.models.background.maxTokens": (
        "The largest answer that such a request may ask for. Requests with tools are never taken for one.",
        "此类请求允许的最大回答长度。带工具的请求不会被视为小任务。",
    ),
    "settings.models.background.phrases": (
        "What tells them: one of these stands in the last words or the system prompt.",
        "识别依据：最后一条用户消息或系统提示中包含其中之一。",
    ),
    "settings.models.providers.<id>.enabled": (
        "Whether it is used; `false` keeps what stands here for later.",
        "是否启用；`false` 表示保留配置但不使用。",
    ),
    "settings.models.providers.<id>.baseUrl": (
        "Its address, with or without `/v1` (`/v1beta` for Gemini).",
        "地址，可带可不带 `/v1`（Gemini 为 `/v1beta`）。",
    ),
    "settings.models.providers.<id>.apiKey": ("The key.", "密钥。"),
    "settings.models.providers.<id>.api": (
        "The protocol it speaks. OpenClaw's other values are reported and the provider is left out.",
        "对方使用的协议。OpenClaw 的其他取值会被提示，该服务商不启用。",
    ),
    "settings.models.providers.<id>.auth": (
        "`none`: the key is not sent. OpenClaw's `token` counts as `api-key`; its `oauth` and `aws-sdk` are reported and "
        "the provider is left out.",
        "`none`：不发送密钥。OpenClaw 的 `token` 等同 `api-key`；`oauth` 与 `aws-sdk` 会被提示，该服务商不启用。",
    ),
    "settings.models.providers.<id>.authHeader": (
        "Whether the key goes out as `Authorization: Bearer` where the protocol has a header of its own for it "
        "(`x-api-key`, `x-goog-api-key`).",
        "在协议自有密钥头（`x-api-key`、`x-goog-api-key`）的情况下，是否改用 `Authorization: Bearer`。",
    ),
    "settings.models.providers.<id>.headers": (
        "Headers of every request to it.",
        "发往该服务商的每个请求都带上的头。",
    ),
    "settings.models.providers.<id>.profile": (
        "The table of quirks of an OpenAI-compatible or Ollama provider, or `vertex` for a project's models on Vertex AI; "
        "guessed from its host when not set.",
        "OpenAI 兼容或 Ollama 服务商的特性表；`vertex` 表示 Vertex AI 项目中的模型。未设置时按主机名判断。",
    ),
    "settings.models.providers.<id>.discover": (
        "Whether to ask it for its list of models, at start and every ten minutes; what it lists is offered too.",
        "是否在启动时及每十分钟询问其模型列表；列出的模型也会提供。",
    ),
    "settings.models.providers.<id>.weight": (
        "Which of several providers with the same bare model name goes first: the heaviest.",
        "多个服务商有同名模型时，权重最大的优先。",
    ),
    "settings.models.providers.<id>.proxy": (
        "An HTTP proxy for it; when not set, the one that the environment names (`HTTPS_PROXY` and the like).",
        "访问它所用的 HTTP 代理；未设置时使用环境变量（`HTTPS_PROXY` 等）。",
    ),
    "settings.models.providers.<id>.connectTimeoutSeconds": ("How long connecting may take.", "连接超时（秒）。"),
    "settings.models.providers.<id>.firstByteTimeoutSeconds": (
        "How long it may take to begin its answer; when not set, `models.firstByteTimeoutSeconds`.",
        "等待回答开始的时间（秒）；未设置时使用 `models.firstByteTimeoutSeconds`。",
    ),
    "settings.models.providers.<id>.idleTimeoutSeconds": (
        "The longest silence within an answer. One that is not streamed may take ten times as long, and the time to begin, "
        "until it is whole.",
        "回答过程中允许的最长静默（秒）。非流式回答从开始到完成，最多可用此值的十倍加上等待开始的时间。",
    ),
    "settings.models.providers.<id>.models[]": (
        "A model. A bare string is its `id`. Needed only to say more than the provider's own list does, or where it has "
        "none.",
        "一个模型；只写字符串即为 `id`。仅在需要补充说明或服务商没有模型列表时才需要。",
    ),
    "settings.models.providers.<id>.models[].id": ("The provider's own name for it.", "服务商使用的模型名。"),
    "settings.models.providers.<id>.models[].name": ("The name shown to people.", "显示名称。"),
    "settings.models.providers.<id>.models[].api": (
        "The protocol for this model, where it is not the provider's.",
        "该模型的协议（与服务商不同时）。",
    ),
    "settings.models.providers.<id>.models[].reasoning": (
        "Read for OpenClaw's sake; nothing uses it yet.",
        "为兼容 OpenClaw 而读取；目前不起作用。",
    ),
    "settings.models.providers.<id>.models[].input": (
        "Read for OpenClaw's sake; nothing uses it yet.",
        "为兼容 OpenClaw 而读取；目前不起作用。",
    ),
    "settings.models.providers.<id>.models[].compat": (
        "Read for OpenClaw's sake; nothing uses it yet (`profile` of the provider does this).",
        "为兼容 OpenClaw 而读取；目前不起作用（请用服务商的 `profile`）。",
    ),
    "settings.models.providers.<id>.models[].contextWindow": (
        "Tokens; told in Gemini's list of models.",
        "上下文长度（Token）；显示在 Gemini 格式的模型列表中。",
    ),
    "settings.models.providers.<id>.models[].maxTokens": (
        "Tokens of an answer; sent where the protocol requires a limit and the client gave none.",
        "回答的最大 Token 数；协议要求上限而客户端未给时发送。",
    ),
    "settings.models.providers.<id>.models[].headers": (
        "Headers of every request for this model, beside the provider's.",
        "请求该模型时额外带上的头。",
    ),
    "settings.models.providers.<id>.models[].kind": (
        "What it does. A chat model whose name tells otherwise (`text-embedding-…`, `dall-e-…`) is taken at its name's word.",
        "模型用途。名称表明另有用途的（`text-embedding-…`、`dall-e-…`）以名称为准。",
    ),
    "settings.models.providers.<id>.models[].endpoints": (
        "Operations it offers beyond its kind's own, such as `images` or `chat`.",
        "除本类用途外还支持的操作，如 `images`、`chat`。",
    ),
    "settings.models.rules[]": (
        "A mapping rule. Exact names go before patterns, longer patterns before shorter, then the file's order counts.",
        "映射规则。精确名称优先于通配，较长的通配优先于较短的，其次按文件顺序。",
    ),
    "settings.models.rules[].match": (
        "The name that clients ask for; `*` stands for any run of characters.",
        "客户端请求的模型名；`*` 代表任意字符。",
    ),
    "settings.models.rules[].fallbacks": (
        "Models to try, in order, when the targets fail before their first event.",
        "目标在首个事件之前失败时，依次尝试的模型。",
    ),
    "settings.models.rules[].protocols": (
        "The client protocols that the rule is for: `openai-chat`, `openai-responses`, `anthropic-messages`, `gemini`; "
        "empty for all.",
        "规则适用的客户端协议：`openai-chat`、`openai-responses`、`anthropic-messages`、`gemini`；空表示全部。",
    ),
    "settings.models.rules[].keys": (
        "Ids or names of the keys that the rule is for; empty for all.",
        "规则适用的密钥（id 或名称）；空表示全部。",
    ),
    "settings.models.rules[].targets[]": (
        "Where requests go: one of the targets by weight, the others after it.",
        "请求的去处：按权重选择其一，其余在后备用。",
    ),
    "settings.models.rules[].targets[].model": (
        "`provider/model`, or any name that leads to one.",
        "`provider/model`，或任何可解析的名称。",
    ),
    "settings.models.rules[].targets[].weight": (
        "Its share; 0 takes it out where others have one.",
        "所占份额；其他目标有权重时，0 表示停用。",
    ),
    "settings.models.providers.<id>.models[].cost": (
        "Prices in US dollars per million tokens; they make the cost in the log and count against money budgets. Where none "
        "is set, `models.prices` counts, then what the vendor publishes (`crawdad prices list`). Zero is free.",
        "每百万 Token 的美元价格，用于日志中的费用和金额预算。"
        "未设置时依次采用 `models.prices` 和厂商公布的价格（`crawdad prices list`）。0 表示免费。",
    ),
    "settings.models.prices.<id>": (
        "Prices by name: `provider/model` or `model`, `*` allowed; the most specific name counts. They go before published "
        "prices, and a model's own `cost` before them.",
        "按名称设置价格：`服务商/模型` 或 `模型`，可含 `*`，最具体的名称优先。优先于公布的价格，但次于模型自身的 `cost`。",
    ),
    "settings.retry": (
        "Trying again: only before the first event has been heard.",
        "重试：仅在收到首个事件之前。",
    ),
    "settings.retry.attempts": (
        "Attempts a request in all; every offer of a plan is tried once in any case.",
        "每个请求的总尝试次数；候选去处各至少尝试一次。",
    ),
    "settings.retry.budgetSeconds": (
        "Beyond this time nothing is tried a second time, and no `Retry-After` is waited for. Sources that were not tried yet "
        "still are.",
        "超过此时间不再重试已试过的来源，也不再等待 `Retry-After`；尚未试过的来源仍会尝试。",
    ),
    "settings.retry.baseSeconds": (
        "The first pause; it doubles from there, with jitter.",
        "首次等待；之后翻倍，并带随机抖动。",
    ),
    "settings.retry.maxSeconds": ("The longest pause of our own choice.", "自行选择的最长等待。"),
}
MESSAGES |= {
    f"settings.{prefix}.{name}": words
    for prefix in ("models.providers.<id>.models[].cost", "models.prices.<id>")
    for name, words in _PRICES.items()
}
