"""Numbers of several runs, with what they are compared with, and tables of them."""

from dataclasses import dataclass, field
from statistics import median
from typing import List, Optional


@dataclass
class Target:
    """What a figure is to reach: a value, or a ratio to its reference; one of the two is enough."""
    value: Optional[float] = None
    ratio: Optional[float] = None
    is_ceiling: bool = False

    def is_met_by(self, value, ratio):
        def reaches(found, wanted):
            if found is None or wanted is None:
                return False
            return found <= wanted if self.is_ceiling else found >= wanted
        return reaches(value, self.value) or reaches(ratio, self.ratio)

    def text(self, unit):
        sign = "<=" if self.is_ceiling else ">="
        parts = [] if self.value is None else [f"{sign} {show(self.value, unit)}"]
        if self.ratio is not None:
            parts.append(f"{sign} {self.ratio:g} x")
        return " or ".join(parts)


@dataclass
class Figure:
    """One number of a suite: the median of its runs."""
    suite: str
    name: str  # stable: comparisons over months go by it
    unit: str
    runs: List[float]
    reference: str = ""  # name of the figure it is set in proportion to
    reference_runs: List[float] = field(default_factory=list)  # of the same rounds
    target: Optional[Target] = None
    command: str = ""

    @property
    def value(self):
        return median(self.runs)

    @property
    def ratio(self):
        """The median over the rounds: what slows the machine down for a while slows both down."""
        if not self.reference_runs or any(run == 0 for run in self.reference_runs):
            return None
        return median(own / other for own, other in zip(self.runs, self.reference_runs))

    @property
    def spread(self):
        """From the smallest to the largest run, in parts of the median."""
        return (max(self.runs) - min(self.runs)) / abs(self.value) if self.value else 0.0

    @property
    def is_met(self):
        return None if self.target is None else self.target.is_met_by(self.value, self.ratio)


def digits(number):
    """Three or four digits."""
    size = abs(number)
    if size >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if size >= 10 else f"{number:.2f}"


def scaled(number, steps):
    """`steps`: (factor, prefix), from the largest on."""
    for factor, prefix in steps:
        if abs(number) >= factor:
            return digits(number / factor), prefix
    factor, prefix = steps[-1]
    return digits(number / factor), prefix


LARGE = [(1e9, " G"), (1e6, " M"), (1e3, " k"), (1, "")]
BYTES = [(2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")]
TIMES = [(1, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")]


def parts(value, unit):
    """Value and unit as people read them."""
    if unit == "s":
        return ("0", "s") if value == 0 else scaled(value, TIMES)
    if unit == "bytes":
        return (digits(value), "B") if abs(value) < 10_000 else scaled(value, BYTES)
    if unit == "fraction":
        return digits(100 * value), "%"
    if unit == "x":
        return digits(value), "x"
    if float(value).is_integer() and abs(value) < 10_000:
        return f"{value:.0f}", unit
    number, prefix = scaled(value, LARGE)
    return number + prefix, unit


def show(value, unit):
    return " ".join(parts(value, unit)).strip()


def aligned(rows, right):
    """Lines of the rows with their columns under each other; columns in `right` end at the same place."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) if column in right else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return lines


def table(figures):
    """For people: name, value, unit, ratio to the reference and its name, spread, target and whether it is met."""
    rows = [["name", "value", "unit", "ratio", "to", "spread", "target", ""]]
    for figure in figures:
        number, unit = parts(figure.value, figure.unit)
        ratio = "" if figure.ratio is None else digits(figure.ratio)
        target = "" if figure.target is None else figure.target.text(figure.unit)
        met = {None: "", True: "met", False: "not met"}[figure.is_met]
        spread = f"{100 * figure.spread:.0f} %" if len(figure.runs) > 1 else ""
        rows.append([figure.name, number, unit, ratio, figure.reference if ratio else "", spread, target, met])
    return aligned(rows, right={1, 3, 5})
