"""Variables that set no key of the file (`environment.` and a name); see `catalogue.settings`."""

MESSAGES: dict[str, tuple[str, str]] = {
    "environment.CRAWDAD_HOME": ("The home directory (`~/.crawdad`).", "主目录（`~/.crawdad`）。"),
    "environment.CRAWDAD_CONFIG": (
        "The configuration file (`openclaw.json` in the home directory).",
        "配置文件（主目录中的 `openclaw.json`）。",
    ),
    "environment.CRAWDAD_URL": (
        "The gateway that commands speak with, instead of the one of the home directory.",
        "命令访问的网关，代替主目录对应的网关。",
    ),
    "environment.CRAWDAD_LANG": ("`en` or `zh` on the terminal.", "终端语言：`en` 或 `zh`。"),
    "environment.CRAWDAD_SECRET_KEY": (
        "The key that secrets are encrypted with, instead of `secret.key` in the home directory: 32 bytes in base64 or "
        "hexadecimal, or a passphrase of at least 16 characters.",
        "加密所用的密钥，代替主目录中的 `secret.key`：32 字节的 base64 或十六进制，或至少 16 个字符的口令。",
    ),
    "environment.CRAWDAD_HANG_SECONDS": (
        "Supervisor: silence of a serving process before it counts as hung (15).",
        "监护进程：服务进程静默多久视为卡死（15）。",
    ),
    "environment.CRAWDAD_START_SECONDS": (
        "Supervisor: how long a starting process may be silent, and how long a replacement may take (60).",
        "监护进程：启动中的进程可静默多久，替换进程最多用时（60）。",
    ),
    "environment.CRAWDAD_BACKOFF_SECONDS": (
        "Supervisor: pause before the second restart in a row; it doubles from there, up to 30 (0.5).",
        "监护进程：连续第二次重启前的等待，之后翻倍，至多 30（0.5）。",
    ),
    "environment.CRAWDAD_DEBUG": (
        "Any value: a fault of Crawdad's command line shows its traceback.",
        "任意值：命令行内部故障时显示堆栈。",
    ),
    "environment.CRAWDAD_BENCH_DIR": (
        "Where `make bench-peers` installs other gateways (`~/.cache/crawdad-bench`).",
        "`make bench-peers` 安装其他网关的目录（`~/.cache/crawdad-bench`）。",
    ),
    "environment.CRAWDAD_PYTHON": (
        "The interpreter that `make` builds `.venv` with.",
        "`make` 创建 `.venv` 所用的 Python。",
    ),
}
