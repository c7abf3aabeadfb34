"""Letters: what they say, who wrote them, and answers to them (RFC 5322, 3834, 8601)."""
