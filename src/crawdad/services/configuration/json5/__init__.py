"""JSON5 with a memory for places: a parser that knows where every key and value stands, and a rewriter that changes
a text in as few places as possible, so that comments, order and layout stay as their author left them."""
