"""Why something is an input of a run, in words."""

from anew.model.inputs import MADE_ANEW, MET, UNSEEN, FileKind, Input

OF_KIND = {
    FileKind.LINK: "it is a link on the way to what was read",
    FileKind.FOLDER: "its entries were listed",
    FileKind.STAT: "it was asked after (there, size, time) and not read",
    FileKind.ABSENT: "it was looked for and not there",
}


def why(given: Input) -> str:
    """Return what made a file an input."""
    if given.kind in OF_KIND:
        return OF_KIND[given.kind]
    if given.role == "stdin":
        return "it came on stdin"
    if given.rule == UNSEEN:
        return "nobody saw how it changed: it may have been read before"
    if given.rule == MET:
        return "it was read; another program made it so while the run went on"
    if given.rule == MADE_ANEW:
        return "it was read from a library's cache, and is no part of the recipe's name"
    what = "it was read from a cache" if given.role == "cache" else "it was read"
    return f"{what}, and written to as well" if given.written else what
