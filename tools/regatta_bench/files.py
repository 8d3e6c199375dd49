"""Figures as JSON, and the comparison of two such files."""

import json
from pathlib import Path

from .figures import aligned, digits, parts
from .launch import BenchError, UsageError


def as_dicts(figures, call, machine):
    """`call`: the words that make tools/bench measure the same again."""
    return [{"name": figure.name,
             "value": figure.value,
             "unit": figure.unit,
             "ratio_to_reference": figure.ratio,
             "reference": figure.reference or None,
             "runs": figure.runs,
             "spread": figure.spread,
             "target": None if figure.target is None else figure.target.text(figure.unit),
             "met": figure.is_met,
             "suite": figure.suite,
             "command": figure.command,
             "call": call,
             "machine": machine} for figure in figures]


def check_writable(option, path):
    """Before anything is measured for nothing."""
    if path != "-" and not Path(path).resolve().parent.is_dir():
        raise UsageError(f"{option}: there is no directory {Path(path).parent}")


def write(path, dicts):
    text = json.dumps(dicts, indent=1) + "\n"
    if path == "-":
        print(text, end="", flush=True)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BenchError(f"{path}: cannot be written: {error.strerror}") from error


def is_figure(item):
    return (isinstance(item, dict) and isinstance(item.get("name"), str) and isinstance(item.get("unit"), str)
            and isinstance(item.get("value"), (int, float)) and isinstance(item.get("spread"), (int, float))
            and isinstance(item.get("call"), list) and all(isinstance(word, str) for word in item["call"]))


def read(path):
    try:
        figures = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: is no JSON") from error
    if not isinstance(figures, list) or not figures or not all(map(is_figure, figures)):
        raise UsageError(f"{path}: is not a list of figures, as tools/bench --json writes it")
    return figures


def verdict(old, new):
    """Told only where the medians are further apart than the runs of either."""
    if not old["value"]:
        return ""
    change = new["value"] / old["value"]
    noise = max(old["spread"], new["spread"])
    return "" if abs(change - 1) <= noise else ("more" if change > 1 else "less")


def comparison(old_figures, new_figures):
    """Lines of a table: values of both, new in proportion to old, and the same of the ratios to the reference, which
    machine and load touch less."""
    new_by_name = {figure["name"]: figure for figure in new_figures}
    rows = [["name", "old", "new", "unit", "new/old", "ratio old", "ratio new", "noise", ""]]
    for old in old_figures:
        new = new_by_name.get(old["name"])
        if new is None:
            continue
        # Each with its own prefix, else a value that grew past a thousand could not be read.
        old_number, old_unit = parts(old["value"], old["unit"])
        new_number, new_unit = parts(new["value"], new["unit"])
        if old_unit != new_unit:
            old_number, new_number = f"{old_number} {old_unit}", f"{new_number} {new_unit}"
        ratios = ["" if figure.get("ratio_to_reference") is None else digits(figure["ratio_to_reference"])
                  for figure in (old, new)]
        change = digits(new["value"] / old["value"]) if old["value"] else ""
        rows.append([old["name"], old_number, new_number, new_unit if old_unit == new_unit else "", change, *ratios,
                     f"{100 * max(old['spread'], new['spread']):.0f} %", verdict(old, new)])
    lines = aligned(rows, right={1, 2, 4, 5, 6, 7})
    only_old = [figure["name"] for figure in old_figures if figure["name"] not in new_by_name]
    old_names = {figure["name"] for figure in old_figures}
    only_new = [figure["name"] for figure in new_figures if figure["name"] not in old_names]
    for text, names in (("only in the old", only_old), ("only in the new", only_new)):
        if names:
            lines += ["", f"{text}: {', '.join(names)}"]
    machines = sorted({figure.get("machine") or "" for figure in old_figures + new_figures})
    if len(machines) > 1:
        lines += ["", "not the same machine: " + "; ".join(machines) + " (compare the ratios)"]
    return lines
