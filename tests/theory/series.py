"""What lies under /series in the results of a run, through h5dump (hdf5-tools), as Python has no HDF5 of its own."""

import shutil
import subprocess
from array import array


def read_series(directory, quantity):
    """Samples of a quantity in the results of a run on one rank, summed over the pools, instant by instant. The first
    is taken at time 0."""
    if shutil.which("h5dump") is None:
        raise RuntimeError("h5dump is not installed (Debian package hdf5-tools): series cannot be read")
    dataset = f"/series/{quantity}"
    results = directory / "rank-00000-000.h5"
    raw = directory / f"{quantity}.bin"
    command = ["h5dump", "-d", dataset, "-b", "LE", "-o", str(raw), str(results)]
    header = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "H5T_STD_I64LE" not in header:
        raise RuntimeError(f"{dataset} of {results} does not hold 64-bit integers:\n{header}")
    values = array("q", raw.read_bytes())
    instants = (directory / "time_ns.bin")
    if not instants.exists():
        subprocess.run(["h5dump", "-d", "/series/time_ns", "-b", "LE", "-o", str(instants), str(results)],
                       capture_output=True, check=True)
    pools = len(values) // (instants.stat().st_size // 8)
    return [sum(values[start:start + pools]) for start in range(0, len(values), pools)]
