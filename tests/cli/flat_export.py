"""`regatta-post export flat`: parameters and figures of a run as one flat JSON object of numbers and strings.

python3 flat_export.py [-v]
"""

import json
import unittest

from programs import CONFIGS, ProgramTest, start


def leaves(document, path=""):
    """Members that are no map and no list, by their path; without those of single ranks and links."""
    if path in ("run.of_ranks", "run.ended_by"):
        return {}
    if isinstance(document, (dict, list)):
        items = document.items() if isinstance(document, dict) else enumerate(document)
        found = {}
        for key, value in items:
            found |= leaves(value, f"{path}.{key}" if path else str(key))
        return found
    return {path: document}


class Flat(ProgramTest):
    def export(self, *overrides):
        settings = [word for override in overrides for word in ("--set", override)]
        out = self.directory / "out"
        self.succeed("regatta", "run", CONFIGS / "quickstart.yaml", "--quiet", "--out", out, "--set", "duration=5s",
                     "--set", "measure.from=0s", *settings)
        self.succeed("regatta-post", "export", "flat", out, "-o", self.directory / "flat.json")
        stats = self.succeed("regatta-post", "stats", out, "--json").json
        return json.loads((self.directory / "flat.json").read_text()), stats

    def test_holds_every_figure_that_is_known_under_its_name(self):
        flat, stats = self.export("fleet.pools[0].node.gpu=h100-pcie")
        figures = {key: value for key, value in flat.items() if not key.startswith("param.")}
        self.assertEqual(figures, {key: value for key, value in leaves(stats).items() if value is not None})
        self.assertIn("pools.0.energy.total_j", figures)
        self.assertNotIn("pools.0.cost", figures, "no price is known")

    def test_holds_the_parameters_with_dots_between_their_keys(self):
        flat, _ = self.export("fleet.pools[0].nodes=3")
        self.assertEqual(flat["param.fleet.pools.0.nodes"], 3)
        self.assertEqual(flat["param.fleet.pools.0.node.gpu"], "h100-sxm")
        self.assertEqual(flat["param.fleet.pools.0.memory_fraction"], 0.9)
        self.assertEqual(flat["param.fleet.pools.0.power.idle"], "110W")
        self.assertEqual(flat["param.duration"], "5s")
        self.assertTrue(flat["param.workload.streams.0.lengths.output.quantiles"].startswith("[[0, 7], "))

    def test_holds_numbers_and_strings_only(self):
        flat, _ = self.export()
        self.assertEqual({type(value) for value in flat.values()} - {int, float, str}, set())

    def test_says_what_is_missing(self):
        outcome = start("regatta-post", "export", "flat", self.directory / "nothing", "-o", self.directory / "flat.json")
        self.assertEqual((outcome.code, outcome.stderr),
                         (2, f"{self.directory}/nothing: no such file or directory\n"))
        self.assertFalse((self.directory / "flat.json").exists())


if __name__ == "__main__":
    unittest.main()
