"""HDF5, through h5py where it is there: each dataset and attribute by its path."""
# ruff: noqa: ANN401 (the library is not there to be named)

from io import BytesIO
from typing import Any

from anew.formats.arrays import CODES, grid
from anew.formats.optional import optional
from anew.formats.protocol import MOST_EXPANDED, Source, Unreadable, check_size
from anew.model.reading import Leaf, Part, Reading, blob

MAGIC = b"\x89HDF\r\n\x1a\n"
_MOST_OBJECTS = 100_000


def read_hdf5(source: Source) -> Reading:
    """Read all datasets; a link to another file makes it unreadable."""
    h5py = optional("h5py")
    if h5py is None or not source.data.startswith(MAGIC):
        raise Unreadable("h5py is not there, or it is no HDF5")
    parts: list[Part] = []
    with h5py.File(BytesIO(source.data), "r") as file:
        _read_group(h5py, file, "", parts, [0, 0])
    return Reading("HDF5", tuple(parts))


def _read_group(h5py: Any, group: Any, place: str, parts: list[Part], spent: list[int]) -> None:
    parts += _attributes(group, place or "/")
    for name in sorted(group):
        path, link = f"{place}/{name}", group.get(name, getlink=True)
        spent[0] += 1
        if isinstance(link, h5py.ExternalLink) or spent[0] > _MOST_OBJECTS:
            raise Unreadable("it leads to another file, or holds too much")
        if isinstance(link, h5py.SoftLink):
            parts.append(Leaf(path, f"link to {link.path}"))
            continue
        thing = group[name]
        if isinstance(thing, h5py.Group):
            parts.append(Leaf(path, "group"))
            _read_group(h5py, thing, path, parts, spent)
        elif isinstance(thing, h5py.Dataset):
            if thing.external or thing.is_virtual:
                raise Unreadable("it leads to another file")
            spent[1] += int(thing.nbytes)
            check_size(spent[1], MOST_EXPANDED)
            parts += [_array(path, thing[()]), *_attributes(thing, path)]
        else:
            raise Unreadable("it holds something that is not known")


def _attributes(thing: Any, place: str) -> list[Part]:
    return [_array(f"{place}, attribute {name}", thing.attrs[name]) for name in sorted(thing.attrs)]


def _array(place: str, value: Any) -> Part:
    numpy = optional("numpy")
    array = numpy.asarray(value)  # type: ignore[union-attr]
    kind = array.dtype.str
    if array.dtype.kind in "biufc" and kind[1:] in CODES:
        return grid(place, kind, tuple(array.shape), array.tobytes())
    if array.dtype.kind in "SU":
        return blob(f"{place} {kind} {array.shape}", array.tobytes())
    listed = array.tolist()
    if not _is_plain(listed):
        raise Unreadable("it holds something that is not known")
    text = repr((str(array.dtype), listed))
    return blob(f"{place} {kind} {array.shape}", text.encode("utf-8", "surrogatepass"))


def _is_plain(value: object) -> bool:
    """Say whether the text of `value` says all of it: that of a reference does not."""
    if isinstance(value, list | tuple):
        return all(_is_plain(each) for each in value)
    return type(value) in (str, bytes, int, float, complex, bool)
