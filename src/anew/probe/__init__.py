"""The recorder inside the user's process. Standard library only; Python 3.9 and later."""
