"""PDF: all of it but its dates, its identifier and the name of what wrote it."""

import re

from anew.formats.clocks import cut
from anew.formats.protocol import Source, Unreadable
from anew.model.reading import Reading, blob

MAGIC = b"%PDF-"
_STRING = rb"\s*(?:\((?:[^()\\]|\\.){0,400}\)|<[0-9A-Fa-f\s]{0,800}>)"
_CLOCKS = (
    ("/CreationDate", re.compile(rb"/CreationDate" + _STRING, re.DOTALL)),
    ("/ModDate", re.compile(rb"/ModDate" + _STRING, re.DOTALL)),
    ("/Producer", re.compile(rb"/Producer" + _STRING, re.DOTALL)),
    ("/ID", re.compile(rb"/ID\s*\[(?:" + _STRING + rb"){2}\s*\]", re.DOTALL)),
    (
        "times in XMP",
        re.compile(rb"(?<=>)[^<>]{0,80}(?=</xmp:(?:CreateDate|ModifyDate|MetadataDate)>)"),
    ),
    ("identifiers in XMP", re.compile(rb"(?<=>)[^<>]{0,80}(?=</xmpMM:(?:Document|Instance)ID>)")),
)


def read_pdf(source: Source) -> Reading:
    """Read a PDF as bytes; an old date that a longer one replaces moves the rest, which counts."""
    if not source.data.startswith(MAGIC):
        raise Unreadable("it is no PDF")
    rest, ignored = cut(source.data, _CLOCKS, b"/-")
    return Reading("PDF", (blob("without dates, identifier and producer", rest),), ignored)
