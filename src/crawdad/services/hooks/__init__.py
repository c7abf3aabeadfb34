"""Messages from other systems: what a call means, who may answer it, and seeing it through."""
