"""Newer versions: looked for when somebody wants to know, put in place only after they have shown that they can live here."""
