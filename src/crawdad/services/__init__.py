"""What the system does: decisions, in terms of core types and ports."""
