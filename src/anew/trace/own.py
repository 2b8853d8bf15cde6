"""Own: which files the run itself made or wrote, by their inodes and times of change."""

from msgspec import Struct, field

from anew.model.tree import Stamp


class Own(Struct):
    """What all processes of a run made or wrote; `followed` says that none of them went unseen.

    Inodes are used again, at once on some file systems, and a deed may be told later than another's
    deed on the same file. So a file is told by its time of change, which only grows: it is the
    run's from the state it made to the state it removed. When these were told does not matter.
    """

    followed: bool = False
    spans: dict[tuple[int, int], list[list[int]]] = field(default_factory=dict)

    def made(self, stamp: Stamp) -> None:
        """Take in that the run made a file; `stamp` is its first state."""
        self._begin(stamp, stamp.changed)

    def wrote(self, stamp: Stamp) -> None:
        """Take in that the run opened a file for writing; what came after `stamp` is its own."""
        self._begin(stamp, stamp.changed + 1)

    def _begin(self, stamp: Stamp, first: int) -> None:
        spans = self.spans.setdefault(stamp[:2], [])
        if not spans or len(spans[-1]) == 2:
            spans.append([first])

    def gone(self, stamp: Stamp) -> None:
        """Take in that the run removed a file, or put another in its place, as it was at last."""
        spans = self.spans.get(stamp[:2])
        if spans and len(spans[-1]) == 1 and spans[-1][0] <= stamp.changed:
            spans[-1].append(stamp.changed)

    def is_others(self, stamp: Stamp) -> bool:
        """Say whether a program outside of the run made or wrote what a process met as `stamp`."""
        return self.followed and not any(
            span[0] <= stamp.changed and (len(span) == 1 or stamp.changed <= span[1])
            for span in self.spans.get(stamp[:2], ())
        )
