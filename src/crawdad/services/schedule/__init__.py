"""Work at set times, words that wait for an agent, and the pulse by which it looks at them."""
