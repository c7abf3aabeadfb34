"""What was used, told in somebody's local time."""

from crawdad.services.statistics.statistics import (
    MOST_DAYS,
    MOST_HOURS,
    MOST_WEEKS,
    Asked,
    Period,
    Statistics,
    Summary,
    Trend,
)

__all__ = ["MOST_DAYS", "MOST_HOURS", "MOST_WEEKS", "Asked", "Period", "Statistics", "Summary", "Trend"]
