"""Cron: what the settings mean (see `catalogue.settings`)."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.cron": ("Work at set times.", "定时任务。"),
    "settings.cron.enabled": ("Whether jobs run at their times.", "任务是否按时运行。"),
}
