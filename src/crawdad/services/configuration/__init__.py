"""The configuration: from the text of `openclaw.json` to `Settings`, and back into the text when something is changed.

    files ── json5 ──▶ tree ── includes, opening, substitution, references ──▶ tree ── variables, openclaw ──▶ validation
                        │                                                                                         │
    files ◀─ rewriting ─┴─ edits, sealing                                                     Settings + problems ┘

Everything between the files and the settings works on one kind of tree (`json5.document.Node`) whose values know the
file and line, or the environment variable, they came from; that is how a problem can be placed and an origin told.
Nothing stops at the first fault: problems are collected, words come from `core.catalogue.configuration`, and no message
holds a value. Changes are always made to the text, never by writing settings out, so comments and unknown keys stay
and what came from the environment is not written back.

`source.ConfigurationSource` is the door: load, follow changes, write. `commands` is what the command line and the
panels use.
"""
