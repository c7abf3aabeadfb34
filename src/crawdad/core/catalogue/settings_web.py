"""The web tools: what the settings mean (see `catalogue.settings`)."""

_SERVICES = {
    "brave": ("Brave Search", "Brave 搜索"),
    "perplexity": ("Perplexity", "Perplexity 搜索"),
    "tavily": ("Tavily", "Tavily 搜索"),
    "searxng": ("SearXNG, a search service that one can run oneself", "可自行部署的 SearXNG 搜索服务"),
    "gemini": ("Gemini with Google Search", "带 Google 搜索的 Gemini"),
    "grok": ("Grok with its own search", "带联网搜索的 Grok"),
    "kimi": ("Kimi with its own search", "带联网搜索的 Kimi"),
}

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.tools.web": ("Reading and searching the web.", "网页读取与搜索。"),
    "settings.tools.web.fetch": ("Reading pages.", "读取网页。"),
    "settings.tools.web.fetch.enabled": ("Whether agents may read pages.", "智能体是否可以读取网页。"),
    "settings.tools.web.fetch.maxChars": ("How much of a page is shown, in characters.", "显示网页内容的最大字符数。"),
    "settings.tools.web.fetch.maxCharsCap": (
        "The most that a call gets, whatever it asks for.",
        "单次调用最多可获取的字符数，无论其请求多少。",
    ),
    "settings.tools.web.fetch.maxBytes": ("How large a page may be.", "网页大小上限（字节）。"),
    "settings.tools.web.fetch.timeoutSeconds": ("How long a page may take.", "读取网页的超时时间（秒）。"),
    "settings.tools.web.fetch.cacheTtlMinutes": (
        "How long a page that was read is kept; 0: not at all.",
        "网页缓存的保留分钟数；0 表示不缓存。",
    ),
    "settings.tools.web.fetch.userAgent": (
        "What pages are told of who reads them.",
        "读取网页时使用的 User-Agent。",
    ),
    "settings.tools.web.search": ("Searching the web.", "网页搜索。"),
    "settings.tools.web.search.enabled": ("Whether agents may search the web.", "智能体是否可以搜索网页。"),
    "settings.tools.web.search.provider": (
        "Which service searches. Not set: the first of the list that has what it needs.",
        "使用的搜索服务。未设置时使用列表中第一个配置完整的服务。",
    ),
    "settings.tools.web.search.apiKey": ("The key of Brave Search.", "Brave 搜索的密钥。"),
    "settings.tools.web.search.maxResults": (
        "How many results there are where a call asks for no number.",
        "调用未指定数量时返回的结果数。",
    ),
    "settings.tools.web.search.timeoutSeconds": ("How long a search may take.", "搜索的超时时间（秒）。"),
    "settings.tools.web.search.cacheTtlMinutes": (
        "How long results are kept; 0: not at all.",
        "搜索结果缓存的保留分钟数；0 表示不缓存。",
    ),
}
for _name, (_english, _chinese) in _SERVICES.items():
    _at = f"settings.tools.web.search.{_name}"
    MESSAGES |= {
        _at: (f"{_english}.", f"{_chinese}。"),
        f"{_at}.apiKey": (f"The key of the service ({_english}).", f"服务密钥（{_chinese}）。"),
        f"{_at}.baseUrl": (
            f"Where the service is ({_english}). Not set: its own address.",
            f"服务地址（{_chinese}）。未设置时使用官方地址。",
        ),
        f"{_at}.model": (
            f"The model that answers, where there is one ({_english}).",
            f"用于回答的模型（{_chinese}，仅适用于由模型作答的服务）。",
        ),
    }
