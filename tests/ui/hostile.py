"""Texts that would run in a page which takes them for its own (attacks 9 and 54). Each would call `__owned`."""

from __future__ import annotations

NAME = '"><img src=x onerror=__owned(1)>'
MARKDOWN = """<script>__owned(2)</script>

<img src=x onerror="__owned(3)"> <svg onload="__owned(4)"><script>__owned(5)</script></svg>

[a link](javascript:__owned(6)) ![a picture](http://192.0.2.1/track.png) [data](data:text/html,<script>__owned(7)</script>)

<iframe srcdoc="<script>parent.__owned(8)</script>"></iframe>

| a |
|---|
| <img src=x onerror=__owned(9)> |

the end of it"""
TRAP = "window.__ran = []; window.__owned = (what) => window.__ran.push(what);"
