"""The interpreter and what is installed for it: what it is, and the same again."""
