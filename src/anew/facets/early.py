"""Early: small code and configuration is held before the start, as people edit it during a run."""

from anew.facets.project import Listing
from anew.model.digest import Digest
from anew.model.errors import ChangedWhileRead
from anew.store.protocol import Batch
from anew.trace.rules import CODE_ENDINGS

MOST = 2000  # files
LARGEST = 1 << 20  # bytes
ENDINGS = frozenset((*CODE_ENDINGS, "json", "yaml", "yml", "toml", "cfg", "ini", "conf"))


def hold(found: Listing, batch: Batch) -> dict[str, Digest]:
    """Hold small code and configuration before the start; return their digests by path.

    People edit code while a run goes on: by its end the bytes it started with may be gone. Files
    the store knows by their state are not read again.
    """
    chosen = [
        (path, stamp)
        for path, stamp in found.files.items()
        if path.rpartition(".")[2] in ENDINGS and stamp.size <= LARGEST
    ]
    held = {}
    for path, stamp in chosen[:MOST]:
        try:
            held[path] = batch.add_file(path, stamp)
        except (OSError, ChangedWhileRead):
            continue
    return held
