"""Images other than PNG, through Pillow where it is there: how many pixels differ, and where.

What Pillow does not show is still compared: by the digest of the file, without the times of EXIF.
"""

import logging
import re
import warnings
from io import BytesIO

from anew.formats.clocks import cut
from anew.formats.optional import optional
from anew.formats.protocol import Source, Unreadable, check_size
from anew.model.reading import Grid, Part, Reading, blob

_MOST = 128 << 20  # bytes of all frames
_CHANNELS = {"L": 1, "P": 1, "LA": 2, "RGB": 3, "YCbCr": 3, "RGBA": 4, "CMYK": 4}
_FORMATS = ("JPEG", "GIF", "TIFF", "BMP", "WEBP")
_CLOCKS = (
    (
        "times in EXIF",
        re.compile(rb"(?<!\d)(?:19|20)\d\d:[01]\d:[0-3]\d [0-2]\d(?::[0-5]\d){2}(?=\0)"),
    ),
)


def read_picture(source: Source) -> Reading:
    """Read each frame."""
    pillow = optional("PIL.Image")
    if pillow is None:
        raise Unreadable("Pillow is not there")
    parts: list[Part] = []
    quiet = logging.getLogger("PIL")
    if not quiet.handlers:
        quiet.addHandler(logging.NullHandler())  # it would tell the user of every damaged file
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with pillow.open(BytesIO(source.data), formats=_FORMATS) as image:
                form, total = str(image.format), 0
                for number in range(getattr(image, "n_frames", 1)):
                    image.seek(number)
                    total += image.width * image.height * max(1, len(image.getbands()))
                    check_size(total, _MOST)
                    parts.append(_frame(number, image.mode, image.size, image.tobytes()))
        except pillow.DecompressionBombError as error:
            raise Unreadable(str(error)) from error
    rest, ignored = cut(source.data, _CLOCKS, b"-")
    parts.append(blob("the file without its times", rest))
    return Reading(f"{form} image", tuple(parts), ignored)


def _frame(number: int, mode: str, size: tuple[int, int], raw: bytes) -> Part:
    place = f"frame {number}" if number else ""
    channels = _CHANNELS.get(mode)
    if channels is None:
        return blob(f"{place} {mode} {size}", raw)
    return Grid(place, mode, "B", (size[1], size[0], channels), raw, pixels=255)
