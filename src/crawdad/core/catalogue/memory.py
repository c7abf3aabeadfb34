"""Words of the memory of agents."""

MESSAGES: dict[str, tuple[str, str]] = {
    "memory.no_file": (
        "'{path}' is no file of memory. There are MEMORY.md and memory/*.md; memory_search tells what there is.",
        "“{path}”不是记忆文件。可用的有 MEMORY.md 和 memory/*.md，可用 memory_search 查看。",
    ),
}
