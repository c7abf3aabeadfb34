"""The web tools: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.tools.web": ("Reading and searching the web.", "网页读取与搜索。"),
    "settings.tools.web.fetch": ("Reading pages.", "读取网页。"),
    "settings.tools.web.fetch.enabled": ("Whether agents may read pages.", "智能体是否可以读取网页。"),
    "settings.tools.web.fetch.maxChars": ("How much of a page is shown, in characters.", "显示网页内容的最大字符数。"),
}
