"""Discord's interface (v10) and gateway."""
