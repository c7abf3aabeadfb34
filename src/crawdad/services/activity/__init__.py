"""The activity log: what happened, as people read it."""
