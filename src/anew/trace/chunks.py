"""Chunks: the files of memory that the C library writes its records to; how each begins."""

import struct

CHUNK_MARK = 0x31636E6177656E61
CHUNK = struct.Struct("<QQQQQ24x")  # mark, bytes used, size, events lost, number of the last chunk
MARK_AT = 40  # in the first chunk: the mark of our own calls, where all calls are followed
