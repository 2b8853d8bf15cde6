"""What only a clock or an address changes, as patterns: the tokens that may be masked.

They are narrow on purpose. A number is masked only with its unit or beside a word that says what
it is: `loss 0.1234`, `accuracy: 0.93` and `time_to_target 12.3` stay as they are. In each pattern
the group `token` is what is masked, where there is one; else all of it.
"""

import re
from typing import NamedTuple


class Pattern(NamedTuple):
    """A mask: its name, as shown to the user, and what it stands for.

    A text without any of `hints` holds nothing of it: most texts are not searched at all.
    """

    name: str
    expression: re.Pattern[str]
    hints: tuple[str, ...] = ("",)


_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DATE = r"(?:19|20)\d\d(?P<dash>[-/])(?:0[1-9]|1[0-2])(?P=dash)(?:0[1-9]|[12]\d|3[01])"
_COMPACT = r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_FRACTION = r"(?:\.\d{1,9}|,\d{3}(?!\d))?"
_CLOCK = rf"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d{_FRACTION}"
_ZONE = r"(?:\s?(?:Z|UTC|GMT)\b|[+-][01]\d:?[0-5]\d(?!\d))?"
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?"
_DECIMAL = r"\d+\.\d+(?:e[-+]?\d+)?"
_START = r"(?<![\w.,+-])"  # no number begins in the middle of another, or after its sign
_LONG_UNIT = "(?:ns|us|µs|μs|ms|msec|sec|secs|seconds?|minutes?|mins|hours?|hrs)"
_SHORT_SPAN = r"\d\d?(?::[0-5]\d){1,2}"
_THING = (
    r"(?:it|its|iters?|iterations?|ex|examples?|samples?|steps?|batch|batches|epochs?|toks?|"
    r"tokens?|imgs?|images?|items?|rows?|frames?|trials?|[kKMGT]?i?B)"
)
_WORD = r"(?i:took|takes|elapsed|elapsed[ _-]time|time[ _-]elapsed|wall[ _-]?(?:clock[ _-]?)?time)"
_RANDOM = "[a-z0-9][a-z0-9_]{7}"  # the name tempfile draws
_DRAWN = rf"(?=[a-z_]*\d[a-z0-9_]*[a-z]){_RANDOM}"  # `results1` is a name that somebody gave
_EPOCH = r"1[5-9]\d{8}(?:\d{3}|\d{6})?(?:\.\d+)?"


def _patterns(*rows: tuple[str, str] | tuple[str, str, str]) -> tuple[Pattern, ...]:
    """Compile (name, expression, hints), the hints divided by bars."""
    return tuple(
        Pattern(row[0], re.compile(row[1]), tuple((row[2] if len(row) > 2 else "").split("|")))
        for row in rows
    )


IN_TEXT = _patterns(
    # dates with a time, and times; the number after glog's is its thread
    ("time", rf"(?<![\w.:-]){_DATE}[T _]{_CLOCK}{_ZONE}(?!\d|:\d)", ":"),
    ("time", rf"(?<![\w.:-]){_DATE}[T ](?:[01]\d|2[0-3]):[0-5]\d{_ZONE}(?![\d:.])", ":"),
    ("time", rf"(?<![\w.-]){_DATE}/(?:[01]\d|2[0-3])-[0-5]\d-[0-5]\d(?![\w-])", "19|20"),
    ("time", rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?\b{_MONTH} [ \d]?\d {_CLOCK}(?: 20\d\d\b)?",
     ":"),
    ("time", rf"(?<!\d)[0-3]\d/{_MONTH}/20\d\d:{_CLOCK}(?: \+0000)?", ":"),
    ("time", rf"(?<=\b[IWEF])[01]\d[0-3]\d {_CLOCK} +\d+(?= \S+:\d+\])", ":"),
    ("time", rf"(?<=\b[IWEF])0000 00:00:{_EPOCH} +\d+(?= \S+:\d+\])", ":"),  # before its start
    ("time", r"\bdatetime\((?P<token>20\d\d(?:, \d\d?){4}(?:, \d\d?(?:, \d{1,6})?)?)(?=[,)])",
     "datetime("),
    ("date", rf"(?<![\w./-]){_DATE}(?![\w/]|-\d|\.\d)", "19|20"),
    ("progress", rf"(?<=\[){_SHORT_SPAN}<(?:\?|{_SHORT_SPAN})"
                 rf"(?:, *(?:\?|{_NUMBER})[kMG]?\s?(?:\w+/s|s/\w+))?(?=[\],])", ":"),
    ("progress", rf"(?<=\[){_SHORT_SPAN}, *(?:\?|{_NUMBER})[kMG]?\s?(?:\w+/s|s/\w+)(?=[\],])", ":"),
    ("time", rf"(?<![\w.:,/-])(?<!\w\[){_CLOCK}{_ZONE}(?![\d:]|\.\d)", ":"),
    # how long, how fast
    ("duration", r"(?<![\w.:,/-])\d+:[0-5]\d:[0-5]\d\.\d{6}(?!\d)", ":"),
    ("duration", rf"\b{_WORD}['\"]?(?: ?[:=])? ?(?P<token>\d+:[0-5]\d:[0-5]\d(?:\.\d+)?)(?![\d:])",
     ":"),
    ("duration", rf"(?<=\x1b\[1m){_SHORT_SPAN}(?=\x1b\[0m \d+(?:s|ms|us)/(?:step|epoch)\b)", "/"),
    ("rate", rf"{_START}{_NUMBER}[kMG]?\s?{_THING}/(?:s|sec|second)\b", "/s"),
    ("rate", rf"{_START}{_NUMBER}\s?(?:s|ms|us|µs|sec)/{_THING}\b", "s/|sec/"),
    ("rate", rf"\b\w+_per_second['\"]?(?: ?[:=])? ?['\"]?(?P<token>{_NUMBER})(?![\w%]|\.\d)",
     "_per_second"),
    ("rate", rf"{_START}{_NUMBER}\s?(?:fps|FPS)\b", "fps|FPS"),
    ("duration", rf"{_START}(?:\d+h\s?)?\d+m\s?\d+(?:\.\d+)?s(?![\w/])", "s"),
    ("duration", rf"{_START}\d+h\s?\d+m(?![\w/])", "h"),
    ("duration", rf"{_START}{_NUMBER}\s?{_LONG_UNIT}(?![\w/])", "s|sec|min|hour"),
    ("duration", rf"{_START}(?:{_DECIMAL}\s?s|\d{{1,3}}s)(?![\w/])", "s"),
    ("duration", rf"\b{_WORD}['\"]?(?: ?[:=])? ?(?P<token>{_DECIMAL})(?![\w%]|\.\d)"),
    ("duration", rf"\((?i:cpu|wall[ -]?(?:clock)?|elapsed|user|real) ?(?:s|secs?|seconds)\)[:=]? *"
                 rf"(?P<token>{_DECIMAL})(?![\w%]|\.\d)", "s)"),
    ("duration", rf"\b\w+_runtime['\"]?(?: ?[:=])? ?['\"]?(?P<token>{_NUMBER})(?![\w%]|\.\d)",
     "_runtime"),
    # where in memory, which process, which temporary file or port
    ("address", r"\bat (?P<token>0x[0-9a-fA-F]{6,16})\b", "at 0x"),
    ("address", r"(?<!\w)0x0{0,4}(?:7[ef]|5[56]|ffff|aaaa)[0-9a-f]{8,10}(?!\w)", "0x"),
    ("process id", r"\b(?i:pid)[ =:#]{1,2}(?P<token>\d{1,7})(?![\w.]\d|\d)", "pid|PID|Pid"),
    ("process id", r"(?i:\bprocess id)[ =:]{1,2}(?P<token>\d{1,7})(?![\w.]\d|\d)"),
    ("temporary path", rf"(?<=/tmp/)tmp{_RANDOM}(?![\w-])", "/tmp/tmp"),
    ("temporary path", rf"(?<=/dev/shm/)tmp{_RANDOM}(?![\w-])", "/dev/shm/tmp"),
    ("temporary path", rf"(?<![\w/])/var/folders/\w\w/\w+/T/tmp{_RANDOM}(?![\w-])", "/T/tmp"),
    ("port", r"(?:localhost|\b\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]|://[\w.-]+):"
             r"(?P<token>3[3-9]\d{3}|[45]\d{4}|6[0-5]\d{3})(?!\d|\.\d)", ":"),
    ("time", rf"(?i:\b(?:\w+_)?(?:timestamp|unix[ _]time|epoch[ _]time|created_at|started_at))"
             rf"['\"]?(?: ?[:=])? ?(?P<token>{_EPOCH})(?![\w]|\.\d)"),
)  # fmt: skip

IN_NAMES = _patterns(
    ("time", rf"(?<!\d){_DATE}[T _/-](?:[01]\d|2[0-3])[-:_.]?[0-5]\d[-:_.]?[0-5]\d"
             r"(?:[.,_]\d{3}|[.,_]\d{6})?(?!\d)"),
    ("time", rf"(?<!\d){_COMPACT}[T_-]?(?:[01]\d|2[0-3])-?[0-5]\d-?[0-5]\d(?:[._-]\d{{6}})?(?!\d)"),
    ("time", rf"(?<![A-Za-z]){_MONTH}[0-3]\d_(?:[01]\d|2[0-3])-[0-5]\d-[0-5]\d(?!\d)"),
    ("date", rf"(?<!\d){_DATE}(?!\d)"),
    ("process id", r"events\.out\.tfevents\.\d{10}\.[\w.-]+?\.(?P<token>\d+)(?=\.\d+$|\.\d+\.)"),
    ("time", r"(?<=events\.out\.tfevents\.)\d{10}(?!\d)"),
    ("time", rf"(?<![\w.]){_EPOCH}(?!\w)|(?<=[_.-]){_EPOCH}(?![^\W_])"),
    ("process id", r"(?<![^\W_])pid[-_=]?(?P<token>\d{1,7})(?!\d)"),
    ("temporary path", rf"(?<![^/])tmp{_DRAWN}(?![\w-])"),
)  # fmt: skip

UUID = _patterns(
    (
        "identifier",
        r"(?<![0-9a-fA-F-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-fA-F-])",
    )
)
# Only where the bytes of two files are the same: the name alone proves nothing.
RANDOM_IDS = UUID + _patterns(
    (
        "identifier",
        r"(?<![^\W_])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8,64}(?![^\W_])",
    )
)
