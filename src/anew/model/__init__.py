"""The words of the field: frozen values, no I/O. Read this room first."""
