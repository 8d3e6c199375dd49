"""regatta-post checkpoint: what it says of checkpoints, whole and damaged.

python3 checkpoint_look.py [-v] [Looking.test_...]
"""

import unittest
from pathlib import Path

from programs import CONFIGS, ProgramTest, start

QUICKSTART = CONFIGS / "quickstart.yaml"


class Looking(ProgramTest):
    def made(self, name, ranks=1):
        out = self.directory / name
        self.succeed("regatta", "run", QUICKSTART, "--set", "duration=100s", "--checkpoint-every", "40s", "--out", out,
                     "--quiet", ranks=ranks)
        return out

    def test_it_tells_what_a_checkpoint_holds_the_same_on_any_number_of_ranks(self):
        alone, together = self.made("alone"), self.made("together", ranks=3)
        for number in (0, 1):
            one, three = (self.succeed("regatta-post", "checkpoint", out / f"checkpoint-00{number}", "--json").json
                          for out in (alone, together))
            self.assertEqual((one["number"], one["at_s"], one["ranks"], three["ranks"]), (number, 40 * number + 40, 1, 3))
            self.assertEqual(one["digest"], three["digest"])
            self.assertEqual(one["bytes"], sum(file.stat().st_size for file in Path(one["path"]).iterdir()))
        self.assertNotEqual(self.succeed("regatta-post", "checkpoint", alone / "checkpoint-000", "--json").json["digest"],
                            one["digest"])
        newest = self.succeed("regatta-post", "checkpoint", alone).stdout
        self.assertRegex(newest, rf"^{alone}/checkpoint-001: whole, \d+\.\d MB\n"
                                 r"At         80 s of simulated time, on 1 rank\n"
                                 rf"Scenario   {QUICKSTART}\nProgram    regatta .+\n"
                                 rf"Digest     {one['digest']} of the results until then\n$")
        self.assertEqual(newest, self.succeed("regatta-post", "checkpoint", f"{alone}/checkpoint-001/").stdout)

    def test_it_refuses_what_is_damaged_or_none(self):
        out = self.made("out")
        state = out / "checkpoint-001/rank-00000.state"
        content = bytearray(state.read_bytes())
        content[len(content) // 2] ^= 1
        state.write_bytes(content)
        for path, text in ((out, rf"{state}: is damaged: its checksum is [0-9a-f]{{32}}, and checksums.xxh128 says "
                                 r"[0-9a-f]{32}"),
                           (self.directory, rf"{self.directory}: is no checkpoint, and holds none \(checkpoint-000, "
                                            r"\.\.\.\); regatta run --checkpoint-every makes them"),
                           ("nowhere", "nowhere: no such file or directory")):
            outcome = start("regatta-post", "checkpoint", path)
            self.assertEqual((outcome.code, outcome.stdout), (2, ""), outcome)
            self.assertRegex(outcome.stderr, rf"^{text}\n$")


if __name__ == "__main__":
    unittest.main()
