"""Setting a gateway up by questions and answers, whoever shows them."""
