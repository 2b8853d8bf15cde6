"""One JSON form per value (RFC 8785), so that equal values have equal digests."""

from typing import TypeVar

import msgspec

from anew.model.digest import Digest, digest_bytes
from anew.model.errors import DamagedObject

EXACT_INTEGERS = 2**53  # beyond it a reader of JSON may round

Value = TypeVar("Value")


def encode(value: object) -> bytes:
    r"""Return the canonical bytes of a model value: keys sorted, no space, UTF-8.

    Model values hold no floats and no integer beyond `EXACT_INTEGERS` in magnitude, so msgspec's
    sorted form is that of RFC 8785. A byte of a name that is no UTF-8 is written
    as its escape `\udcXX`, which msgspec refuses and the standard library writes.
    """
    try:
        return msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError:
        import json  # noqa: PLC0415 - such names are rare

        plain = msgspec.to_builtins(value, order="sorted")
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return _escape(text)


def _escape(text: str) -> bytes:
    return b"".join(
        f"\\u{ord(letter):04x}".encode() if "\ud800" <= letter <= "\udfff" else letter.encode()
        for letter in text
    )


def decode(data: bytes, kind: type[Value]) -> Value:
    """Return the value of `kind` that `data` holds.

    Raises:
        DamagedObject: it holds none.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        if b"\\ud" not in data:
            raise _not_a(kind, error) from error
    import json  # noqa: PLC0415 - such names are rare

    try:
        return msgspec.convert(json.loads(data), type=kind)
    except (ValueError, msgspec.ValidationError) as error:
        raise _not_a(kind, error) from error


def _not_a(kind: object, error: Exception) -> DamagedObject:
    return DamagedObject(
        f"an object is no {getattr(kind, '__name__', kind)}",
        why=str(error),
        hint="it was written by another version of Anew, or is damaged: `anew verify`",
    )


def digest_of(value: object) -> Digest:
    """Return the digest of a model value: equal values, equal digests."""
    return digest_bytes(encode(value))
