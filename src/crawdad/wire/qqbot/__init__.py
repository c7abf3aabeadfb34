"""QQ's official bot interface (API v2 and its gateway)."""
