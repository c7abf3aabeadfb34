"""Who may come in, and how each contract looks: one folder per contract."""
