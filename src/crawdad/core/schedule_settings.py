"""`cron.*`: work at set times."""

from __future__ import annotations

from crawdad.core.section import Section


class CronSettings(Section):
    """`cron.*`."""

    enabled: bool = True
