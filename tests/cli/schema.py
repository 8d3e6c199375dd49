"""`regatta reference schema`: the JSON Schema that editors check scenarios with accepts what the reader accepts and
refuses, of what the reader refuses, what does not depend on other keys, files or the catalogue.

python3 schema.py [-v]
"""

import json
import subprocess
import unittest

from errors import FLEET
from programs import CONFIGS, SOURCE, ProgramTest, start

# Debian's, for its packages; the interpreter that runs the tests may be another.
PYTHON = "/usr/bin/python3"
CHECK = """
import json, sys, jsonschema, yaml
schema, *paths = sys.argv[1:]
schema = json.load(open(schema))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for path in paths:
    print(json.dumps([[str(part) for part in error.absolute_path] for error in
                      validator.iter_errors(yaml.safe_load(open(path)))]))
"""

WRONG = [
    ("nodes: 1", "nods: 1"),
    ("nodes: 1", "nodes: eight"),
    ("nodes: 1", "nodes: -1"),
    ("nodes: 1", "nodes: [1, 2]"),
    ("duration: 2s", "duration: 2"),
    ("duration: 2s", "duration: 2parsec"),
    ("rate: 20/s", "rate: 20"),
    ("      model: llama-3.1-8b\n", ""),
    ("process: poisson", "process: poison"),
    ("process: poisson", "process: gamma"),
    ("{fixed: 100}", "{fixed: 0}"),
    ("{fixed: 100}", "{distribution: lognormal, mean: 100}"),
    ("{fixed: 100}", "{quantiles: [[0, 1], [1]]}"),
    ("parallel: {tp: 1}", "parallel: {tp: 1, dp: 2}"),
    ("parallel: {tp: 1}", "memory_fraction: 1.5"),
    ("parallel: {tp: 1}", "weights: fp7"),
    ("parallel: {tp: 1}", "scheduler: {policy: vllm_v1, max_runing: 3}"),
]
RIGHT = [
    ("nodes: 1", "nodes: 12"),
    ("duration: 2s", "duration: 1.5 min"),
    ("rate: 20/s", "rate: {ramp: [[0s, 1/s], [1min, 2e1/s]]}"),
    ("process: poisson", "process: gamma, cv: 2"),
    ("{fixed: 100}", "{distribution: lognormal, mean: 100, cv: 1}"),
    ("{fixed: 100}", "{quantiles: [[0, 1], [1, 20]]}"),
    ("parallel: {tp: 1}", "scheduler: vllm_v1"),
    ("parallel: {tp: 1}", "scheduler: {max_running: 3, class_limits: {stream-0: 2}}"),
    ("parallel: {tp: 1}", "kv_blocks: none"),
    ("node: {gpu: h100-sxm, gpus: 8}", "node: dgx-h100"),
]


class Schema(ProgramTest):
    def setUp(self):
        super().setUp()
        if subprocess.run([PYTHON, "-c", "import jsonschema, yaml"], capture_output=True, check=False).returncode != 0:
            self.skipTest("python3-jsonschema or python3-yaml is not installed")
        self.schema = self.write("schema.json", self.succeed("regatta", "reference", "schema").stdout)

    def findings(self, *paths):
        """What the schema says of each file: paths of what is wrong."""
        checked = subprocess.run([PYTHON, "-c", CHECK, str(self.schema), *map(str, paths)], capture_output=True,
                                 text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        return [json.loads(line) for line in checked.stdout.splitlines()]

    def test_it_is_the_file_in_the_docs(self):
        self.assertEqual((SOURCE / "docs/reference/scenario.schema.json").read_text(encoding="utf-8"),
                         self.schema.read_text(encoding="utf-8"),
                         "stale; rewrite it: regatta reference schema > docs/reference/scenario.schema.json")

    def test_shipped_scenarios_keep_to_it(self):
        paths = sorted(CONFIGS.glob("*.yaml"))
        self.assertGreater(len(paths), 3)
        for path, findings in zip(paths, self.findings(*paths), strict=True):
            self.assertEqual(findings, [], path.name)

    def test_resolved_scenarios_keep_to_it(self):
        paths = [self.write(f"resolved-{path.stem}.yaml", self.succeed("regatta", "validate", path, "--resolved").stdout)
                 for path in sorted(CONFIGS.glob("*.yaml")) if path.stem != "azure-conversation"]
        for path, findings in zip(paths, self.findings(*paths), strict=True):
            self.assertEqual(findings, [], path.name)

    def test_it_agrees_with_the_reader(self):
        cases = [(*case, False) for case in WRONG] + [(*case, True) for case in RIGHT]
        paths = []
        for number, (old, new, is_right) in enumerate(cases):
            self.assertIn(old, FLEET)
            paths.append(self.write(f"case-{number}.yaml", FLEET.replace(old, new, 1)))
            self.assertEqual(start("regatta", "validate", paths[-1]).code, 0 if is_right else 2, new)
        for (_, new, is_right), findings in zip(cases, self.findings(*paths), strict=True):
            self.assertEqual(not findings, is_right, f"{new}: {findings}")


if __name__ == "__main__":
    unittest.main()
