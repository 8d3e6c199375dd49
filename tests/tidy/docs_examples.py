"""Runs the commands that the front page and the guide show: `docs_examples.py ROOT DIRECTORY_OF_PROGRAMS`.

Per page a directory of its own with the shipped scenarios and a small trace. Left out are set-up commands (they would
build the project inside its own test), and Python where no interpreter has pandas and PyTables. A block that shows a
mistake follows the comment `<!-- exits with N -->`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

PAGES = ["README.md", "docs/guide/getting-started.md", "docs/guide/running.md", "docs/guide/hardware-and-models.md",
         "docs/guide/traffic.md", "docs/guide/routing.md"]
SET_UP = re.compile(r"(tools/|cmake |alias |export PATH)")
BLOCK = re.compile(r"(?:<!-- exits with (?P<code>\d+) -->\n)?"
                   r"```(?P<language>sh|python|yaml)\n(?P<text>.*?)```", re.DOTALL)
SAVED_AS = re.compile(r"[Ss]ave it as `([^`]+)`[^`]*\Z")
TIME_LIMIT_S = 120


def python_with_pandas():
    for name in [sys.executable, "/usr/bin/python3"]:
        if subprocess.run([name, "-c", "import pandas, tables"], capture_output=True, check=False).returncode == 0:
            return name
    return None


def write_trace(path):
    """Azure's format: a request every second for 25 minutes."""
    start = datetime(2023, 11, 16, 18, 15)
    rows = [f"{start + timedelta(seconds=second)},{100 + second % 900},{10 + second % 90}" for second in range(1500)]
    path.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n" + "\n".join(rows) + "\n", encoding="utf-8")


def prepare(directory, root, programs, python):
    (directory / "configs").symlink_to(root / "configs")
    (directory / "build/release").mkdir(parents=True)
    (directory / "build/release/bin").symlink_to(programs)
    for name in ("PATH", "AzureLLMInferenceTrace_conv.csv"):
        write_trace(directory / name)
    if python is not None:
        wrapper = directory / "tool/python3"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)


def environment(directory, programs):
    result = dict(os.environ)
    result["PATH"] = os.pathsep.join([str(directory / "tool"), str(programs), result["PATH"]])
    result["OMPI_MCA_rmaps_base_oversubscribe"] = "1"  # more ranks than cores, as on any small machine
    if os.geteuid() == 0:
        result["OMPI_ALLOW_RUN_AS_ROOT"] = result["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    return result


def runnable(commands, python):
    def is_left_out(line):
        return SET_UP.match(line) or (python is None and line.startswith("python3"))
    return "\n".join(line for line in commands.splitlines() if not is_left_out(line))


def run_page(page, root, programs, python):
    """Problems found; prints what it runs."""
    problems = []
    text = (root / page).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        prepare(directory, root, programs, python)
        for block in BLOCK.finditer(text):
            place = f"{page}:{text.count(chr(10), 0, block.start('text')) + 1}"
            if block["language"] == "yaml":
                saved_as = SAVED_AS.search(text[:block.start()])
                if saved_as:
                    (directory / saved_as[1]).write_text(block["text"], encoding="utf-8")
                continue
            if block["language"] == "sh":
                command = ["bash", "-e", "-u", "-c", runnable(block["text"], python)]
            elif python is not None:
                command = [python, "-c", block["text"]]
            else:
                print(f"skipped: {place}: no Python with pandas and PyTables")
                continue
            done = subprocess.run(command, cwd=directory, env=environment(directory, programs), text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT_S, check=False)
            expected = int(block["code"] or 0)
            print(f"{place}: exit {done.returncode}")
            if done.returncode != expected:
                problems.append(f"{place}: exit {done.returncode}, expected {expected}\n{done.stdout}{done.stderr}")
    return problems


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: docs_examples.py ROOT DIRECTORY_OF_PROGRAMS")
    if shutil.which("mpirun") is None:
        print("skipped: mpirun is not installed")
        sys.exit(77)
    ROOT, PROGRAMS = (Path(argument).resolve() for argument in sys.argv[1:])
    PYTHON = python_with_pandas()
    FOUND = [problem for page in PAGES for problem in run_page(page, ROOT, PROGRAMS, PYTHON)]
    print("\n".join(FOUND))
    sys.exit(1 if FOUND else 0)
