"""Budgets at work: what a request will take is set aside before it goes out, and what it took is counted afterwards.

The same on every model route, for it hangs on the one loop that tries providers. Windows of a minute are counted in memory or
Redis; those of days, months and for good in the database, settled with the log's own row: once, whatever dies in between.
"""

from crawdad.services.budgets.service import Budgets

__all__ = ["Budgets"]
