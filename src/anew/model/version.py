"""The version of Anew, as records and `anew --version` name it."""

VERSION = "0.1.0"
