"""`POST /v1/completions`, the contract before chat: bound to its codec when that lands."""
