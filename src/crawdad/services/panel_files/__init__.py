"""The files of agents' workspaces as panels show and change them: lists, uploads, previews, notes, cleaning, documents."""
