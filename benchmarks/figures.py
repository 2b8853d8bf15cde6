"""Figures: what was measured, as rows of a table, and targets with pass or miss."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from measuring import Series, added, spread
from ways import ANEW, PLAIN


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that is promised: what it is, what was measured, what is allowed, in `unit`."""

    name: str
    value: float
    most: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether it is kept."""
        return self.value <= self.most


@dataclass(slots=True)
class Section:
    """One benchmark: its table and its targets."""

    title: str
    series: list[Series] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def of(self, name: str) -> Series:
        """Return the series of that name."""
        return next(series for series in self.series if series.name == name)


def lines(section: Section) -> list[str]:
    """Return a section as text: the table, then the targets."""
    text = [f"## {section.title}", ""]
    if section.series:
        text += _table(section.series)
    for target in section.targets:
        verdict = "pass" if target.met else "MISS"
        text.append(
            f"- {verdict}: {target.name}: {_number(target.value)} {target.unit}"
            f" (at most {_number(target.most)})"
        )
    return [*text, *(f"- {note}" for note in section.notes), ""]


def _table(series: Sequence[Series]) -> list[str]:
    rows = [
        "| way | wall s, median (min to max) | CPU s, median (min to max) "
        "| wall added ms | CPU added ms | CPU ÷ plain | CPU added ÷ Anew's |",
        "|---|---|---|---|---|---|---|",
    ]
    plain = next((each for each in series if each.name == PLAIN), None)
    own = next((each for each in series if each.name == ANEW), None)
    for each in series:
        if each.trouble or not each.costs:
            rows.append(f"| {each.name} | left out: {each.trouble} ||||||")
            continue
        cells = [each.name, _spread(each, "wall"), _spread(each, "cpu"), "", "", "", ""]
        if plain is not None and plain.costs and each is not plain:
            more = added(each, plain, lambda cost: cost.cpu)
            cells[3] = f"{added(each, plain, lambda cost: cost.wall) * 1e3:+,.0f}"
            cells[4] = f"{more * 1e3:+,.0f}"
            cells[5] = f"{each.cpu / plain.cpu:.2f}"
            ours = added(own, plain, lambda cost: cost.cpu) if own and own.costs else 0
            cells[6] = f"{more / ours:.1f}" if ours > 0 else ""
        rows.append(f"| {' | '.join(cells)} |")
    return [*rows, ""]


def _spread(series: Series, of: str) -> str:
    low, high = spread(getattr(cost, of) for cost in series.costs)
    return f"{getattr(series, of):.3f} ({low:.3f} to {high:.3f})"


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def as_document(section: Section) -> dict[str, object]:
    """Return a section as JSON can hold it; seconds, and targets in their unit."""
    return {
        "title": section.title,
        "ways": [
            {
                "name": each.name,
                "trouble": each.trouble,
                "wall": [cost.wall for cost in each.costs],
                "cpu": [cost.cpu for cost in each.costs],
            }
            for each in section.series
        ],
        "targets": [
            {"name": each.name, "value": each.value, "most": each.most, "unit": each.unit,
             "met": each.met}
            for each in section.targets
        ],
        "notes": section.notes,
    }  # fmt: skip
