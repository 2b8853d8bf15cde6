"""The recorder, in real interpreters."""
