"""The memory of agents: what the settings mean (see `catalogue.settings`)."""

_AT = "settings.agents.defaults.memorySearch"
_OWN = "settings.agents.list[].memorySearch"

MESSAGES: dict[str, tuple[str, str]] = {
    _AT: ("How agents search what they wrote down.", "智能体如何检索自己的记忆。"),
    f"{_AT}.enabled": ("Whether agents may search it.", "智能体是否可以检索记忆。"),
    f"{_AT}.extraPaths": (
        "More files and folders that are searched, beside MEMORY.md and memory/.",
        "除 MEMORY.md 和 memory/ 外，额外检索的文件和文件夹。",
    ),
    f"{_AT}.sources": (
        "What is searched: `memory` (files), `sessions` (what was said in the agent's sessions).",
        "检索的来源：`memory`（文件）、`sessions`（该智能体各会话中说过的内容）。",
    ),
    f"{_AT}.provider": (
        "Whose embedding model it is, where `model` does not say so.",
        "嵌入模型所属的服务商（`model` 中未写明时使用）。",
    ),
    f"{_AT}.model": (
        "An embedding model (`provider/model`). Not set: texts are found by their words alone.",
        "嵌入模型（`服务商/模型`）。未设置时仅按词检索。",
    ),
    f"{_AT}.chunking": ("How texts are cut.", "文本如何分段。"),
    f"{_AT}.chunking.tokens": ("How long a piece is, in tokens.", "每段的 Token 数。"),
    f"{_AT}.chunking.overlap": ("How much neighbours share, in tokens.", "相邻段重叠的 Token 数。"),
    f"{_AT}.query": ("What a search shows.", "检索结果。"),
    f"{_AT}.query.maxResults": ("How many pieces are shown.", "返回的段数。"),
    f"{_AT}.query.minScore": ("How good a piece must be, from 0 to 1.", "结果的最低得分（0 到 1）。"),
    f"{_AT}.query.hybrid": ("Meaning and words together.", "语义与词语混合检索。"),
    f"{_AT}.query.hybrid.enabled": (
        "Whether words count where an embedding model is set.",
        "已设置嵌入模型时是否同时按词检索。",
    ),
    f"{_AT}.query.hybrid.vectorWeight": ("How much meaning counts.", "语义相似度的权重。"),
    f"{_AT}.query.hybrid.textWeight": ("How much words count.", "词语匹配的权重。"),
}
MESSAGES |= {
    _OWN: ("The same for this agent alone, in place of the defaults.", "仅用于该智能体的记忆检索设置，取代默认值。"),
    "settings.agents.list[].skills": (
        "Which skills it has, by name. Not set: all.",
        "该智能体可用的技能名称；未设置时为全部。",
    ),
    "settings.agents.defaults.imageModel": ("The model that looks at pictures.", "用于查看图片的模型。"),
    "settings.agents.defaults.imageModel.primary": ("The model's name.", "模型名称。"),
    "settings.agents.defaults.imageModel.fallbacks": ("Those to try when it fails.", "失败时依次尝试的模型。"),
    "settings.agents.defaults.imageGenerationModel": (
        "The model that draws pictures. Not set: the first one that does.",
        "用于绘图的模型。未设置时使用第一个支持绘图的模型。",
    ),
    "settings.agents.defaults.imageGenerationModel.primary": ("The model's name.", "模型名称。"),
    "settings.agents.defaults.imageGenerationModel.fallbacks": (
        "Those to try when it fails.",
        "失败时依次尝试的模型。",
    ),
}
