"""What was used, told in somebody's local time."""

from crawdad.services.statistics.statistics import Asked, Period, Statistics, Summary

__all__ = ["Asked", "Period", "Statistics", "Summary"]
