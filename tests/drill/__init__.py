"""The fault suite: real faults against a real `crawdad up`, and what becomes of it.

Each scenario is a function in `scenarios/`. `make drill` plays all of them and writes the table of `docs/reliability.md`; the
tests beside this file play the same ones within `make test`.
"""
