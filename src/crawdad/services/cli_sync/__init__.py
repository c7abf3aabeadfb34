"""Pointing other people's command line tools at this gateway: exactly the keys needed, in files that else stay as they were.

`edits` changes texts (JSON, TOML, .env), `tools` knows which tool reads what from where, `plan` puts both together, and
`service` reads and writes the files through the port `HomeFiles`.
"""
