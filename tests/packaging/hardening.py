"""What release builds promise against mistakes in memory is in the programs: asked of readelf (binutils), and of
--version for what no linker sees.

python3 hardening.py [-v]
"""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))
from programs import BIN, ProgramTest  # noqa: E402

PROGRAMS = ("regatta", "regatta-post")


def readelf(option, program):
    return subprocess.run(["readelf", "--wide", option, BIN / program], capture_output=True, text=True, check=True,
                          env=dict(os.environ, LC_ALL="C")).stdout


class Hardening(ProgramTest):
    def each(self, option):
        """What readelf says of each program, under its name."""
        return [f"{program}\n{readelf(option, program)}" for program in PROGRAMS]

    def test_programs_are_position_independent(self):
        for header in self.each("--file-header"):
            self.assertRegex(header, r"Type: +DYN ")

    def test_what_the_loader_has_filled_in_is_read_only_before_main(self):
        for segments in self.each("--segments"):
            self.assertRegex(segments, r"\n +GNU_RELRO ")
        for dynamic in self.each("--dynamic"):
            self.assertRegex(dynamic, r"\(FLAGS\) .*\bBIND_NOW\b|\(BIND_NOW\)")
            self.assertRegex(dynamic, r"\(FLAGS_1\) .*\bNOW\b.*\bPIE\b")

    def test_the_stack_is_not_executable(self):
        for segments in self.each("--segments"):
            flags = re.search(r"\n +GNU_STACK +(?:0x\w+ +){5}(\S+)", segments)
            self.assertIsNotNone(flags, segments)
            self.assertEqual(flags[1], "RW")

    def test_no_segment_is_writable_and_executable(self):
        for segments in self.each("--segments"):
            self.assertNotIn("RWE", segments)

    def test_frames_are_guarded_and_calls_of_libc_checked(self):
        for symbols in self.each("--dyn-syms"):
            self.assertRegex(symbols, r" __stack_chk_fail@")
            self.assertRegex(symbols, r" __\w+_chk@")

    def test_the_programs_say_so(self):
        for program in PROGRAMS:
            self.assertRegex(self.succeed(program, "--version").stdout,
                             r"(?m)^hardening   _FORTIFY_SOURCE=[23], stack protector, PIE$")


if __name__ == "__main__":
    unittest.main()
