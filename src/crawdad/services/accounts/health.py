"""How well each account has been doing lately: falls with failures, rises with successes."""

from __future__ import annotations

from collections.abc import Container

_FALL = 0.5
_RISE = 0.2
_WELL = 0.995


class Health:
    """A number in [0, 1] for each account; 1 where nothing bad is known."""

    def __init__(self) -> None:
        self._ill: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self._ill)

    def of(self, account_id: str) -> float:
        """How well an account does."""
        return self._ill.get(account_id, 1.0)

    def fell(self, account_id: str) -> None:
        """It failed."""
        self._ill[account_id] = self.of(account_id) * _FALL

    def rose(self, account_id: str) -> None:
        """It served."""
        if account_id in self._ill:
            better = self._ill[account_id] + (1 - self._ill[account_id]) * _RISE
            if better > _WELL:
                del self._ill[account_id]
            else:
                self._ill[account_id] = better

    def forget(self) -> None:
        """As if nothing bad were known of any."""
        self._ill.clear()

    def keep_only(self, account_ids: Container[str]) -> None:
        """Forget accounts that are gone."""
        self._ill = {account_id: value for account_id, value in self._ill.items() if account_id in account_ids}
