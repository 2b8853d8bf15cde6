"""Ways to read or write a file, each in a real program that is recorded, checked and replayed."""
