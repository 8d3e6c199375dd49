"""The tidy test. `check.py rules|format|shell|texts ROOT`: exit 0 when clean, 1 with one line per finding, 77 when the tool
that decides is not installed (ctest shows the test as skipped)."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import error_texts
import rules

SKIPPED = 77
FORMATTER_VERSION = "14"  # another version breaks lines elsewhere; .clang-format is written for this one


def check_rules(root):
    findings = rules.check(root)
    for rule, path, line, text in findings:
        print(f"{path}:{line}: {rule}: {text}")
    print(f"{len(findings)} findings of {len(rules.RULES)} rules in {len(rules.code_files(root))} C++ files")
    return 1 if findings else 0


def check_format(root):
    formatter = shutil.which("clang-format-" + FORMATTER_VERSION) or shutil.which("clang-format")
    if formatter is None:
        print("skipped: clang-format is not installed; tools/install-deps brings it")
        return SKIPPED
    version = subprocess.run([formatter, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if not re.search(rf"version {FORMATTER_VERSION}\.", version):
        print(f"skipped: looks are decided by clang-format {FORMATTER_VERSION}, found {version}")
        return SKIPPED
    paths = [str(file.path) for file in rules.code_files(root)]
    return 1 if subprocess.run([formatter, "--dry-run", "-Werror", *paths], check=False).returncode else 0


def check_shell(root):
    checker = shutil.which("shellcheck")
    if checker is None:
        print("skipped: shellcheck is not installed (Debian package shellcheck)")
        return SKIPPED
    scripts = [str(path) for directory in ("tools", ".ci") for path in sorted((root / directory).iterdir())
               if path.is_file() and path.read_bytes().startswith((b"#!/bin/bash", b"#!/bin/sh"))]
    return 1 if subprocess.run([checker, "--external-sources", *scripts], cwd=root, check=False).returncode else 0


def check_texts(root):
    findings = error_texts.untested(root)
    for path, line, text in findings:
        print(f"{path}:{line}: no test has the words of this error: {text}")
    return 1 if findings else 0


if __name__ == "__main__":
    CHECKS = {"rules": check_rules, "format": check_format, "shell": check_shell, "texts": check_texts}
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit(f"usage: check.py {'|'.join(CHECKS)} ROOT")
    sys.exit(CHECKS[sys.argv[1]](Path(sys.argv[2]).resolve()))
