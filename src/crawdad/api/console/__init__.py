"""Crawdad's own management routes, beside those of the contracts: keys with their limits and budgets, approvals of
what agents want to do."""
