"""The words of the field: frozen values; standard library, BLAKE3 and msgspec, no I/O. Read it first."""
