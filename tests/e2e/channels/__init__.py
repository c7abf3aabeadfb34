"""Channels through a real gateway, with a real agent behind them."""
