"""ClawPanel's contract (v4.2.1): `/api/…`, `/ws` and `/onebot`."""
