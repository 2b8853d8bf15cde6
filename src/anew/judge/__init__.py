"""Two records in; items and verdict out. Pure."""
