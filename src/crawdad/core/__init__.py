"""The vocabulary that every package shares: nothing here awaits, reads a clock or opens anything."""
