"""The JSON documents others build on: one function each, keys added, never renamed."""
