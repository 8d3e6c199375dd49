"""Rows of a table in the results of a run on one rank, through the h5py of Debian's Python (python3-h5py), as another
Python may have none."""

import json
import subprocess

PYTHON = "/usr/bin/python3"
SCRIPT = """
import sys, json, h5py
with h5py.File(sys.argv[1]) as file:
    table = file[sys.argv[2]]
    columns = {name: table[name].tolist() for name in sys.argv[3:]}
json.dump(columns, sys.stdout)
"""


def has_rows():
    return subprocess.run([PYTHON, "-c", "import h5py"], capture_output=True, check=False).returncode == 0


def read_columns(directory, table, *columns):
    """Columns of a table, by name."""
    command = [PYTHON, "-c", SCRIPT, str(directory / "rank-00000-000.h5"), table, *columns]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise RuntimeError(f"{directory}: {found.stderr}")
    return json.loads(found.stdout)


# Of /events, see docs/reference/results.md.
LOADING, WARMING_UP, SERVING, DRAINING, LOST, GPU_DOWN, NODE_DOWN, RACK_DOWN = range(8)
SCALE_UP, SCALE_DOWN = 11, 12


def read_events(directory):
    """Rows of /events, each a map."""
    names = ("start_ns", "end_ns", "amount", "node", "replica", "gpu", "pool", "kind", "cause")
    columns = read_columns(directory, "events", *names)
    return [dict(zip(names, row)) for row in zip(*(columns[name] for name in names))]
