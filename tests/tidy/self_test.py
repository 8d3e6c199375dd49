"""Plants violations of every rule in a tree of its own and sees that each is found, and that what is allowed is not."""

import tempfile
import unittest
from pathlib import Path

import error_texts
import rules

HEADER = "#pragma once\n"
EMPTY_SUM = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # sha256 of no bytes

# rule, file, its content, line of the finding
VIOLATIONS = [
    ("include-arrows", "src/engine/a.cpp", '#include "transport/message.hpp"\n', 1),
    ("include-arrows", "include/regatta/base/a.hpp", HEADER + '\n#include "regatta/engine/link.hpp"\n', 3),
    ("include-arrows", "src/serving/a.hpp", HEADER + '#include "regatta/routing/router.hpp"\n', 2),
    ("include-arrows", "src/kitchen/a.cpp", "int kettle;\n", 1),
    ("mpi-wall", "src/engine/a.cpp", "#include <mpi.h>\n", 1),
    ("mpi-wall", "src/app/options.cpp", "#include <mpi.h>\n", 1),
    ("hdf5-wall", "src/app/a.cpp", "\n#include <hdf5.h>\nint main() {}\n", 2),
    ("hdf5-wall", "src/scenario/a.cpp", "#  include <H5TBpublic.h>\n", 1),
    ("cairo-wall", "src/results/a.cpp", "#include <cairo-svg.h>\n", 1),
    ("yaml-wall", "src/hardware/a.cpp", "#include <yaml-cpp/yaml.h>\n", 1),
    ("public-headers", "include/regatta/results/a.hpp", HEADER + "#include <hdf5.h>\n", 2),
    ("heavy-headers", "src/results/a.hpp", HEADER + "#include <nlohmann/json.hpp>\n", 2),
    ("heavy-headers", "src/app/a.hpp", HEADER + "#include <CLI/CLI.hpp>\n", 2),
    ("printing", "src/results/a.cpp", "#include <iostream>\n", 1),
    ("printing", "src/serving/a.cpp", "#include <spdlog/spdlog.h>\n", 1),
    ("printing", "src/base/a.cpp", 'void f() { fmt::print("x"); }\n', 1),
    ("printing", "src/base/a.cpp", 'void f() {\n    std::fprintf(stderr, "x");\n}\n', 2),
    ("printing", "src/engine/a.cpp", 'void f() { std::cerr << "x"; }\n', 1),
    ("randomness", "src/workload/a.cpp", "std::exponential_distribution<double> gap;\n", 1),
    ("randomness", "src/base/a.cpp", "const int x = rand();\n", 1),
    ("randomness", "src/app/a.cpp", "std::random_device device;\n", 1),
    ("randomness", "mpi_examples/phold/a.cpp", "std::mt19937_64 engine;\n", 1),
    ("wall-clock", "src/serving/a.cpp", "const auto t = std::chrono::steady_clock::now();\n", 1),
    ("wall-clock", "src/results/a.cpp", "\n\nusing Clock = std::chrono::system_clock;\n", 3),
    ("wall-clock", "src/engine/window.cpp", "using Clock = std::chrono::steady_clock;\n", 1),
    ("engine-names-no-request", "src/engine/a.cpp", "int open_requests;\n", 1),
    ("engine-names-no-request", "include/regatta/engine/a.hpp", HEADER + "\nstruct RequestEvent;\n", 3),
    ("engine-names-no-request", "src/transport/a.cpp", "/* one\n */ RequestId id;\n", 2),
    ("serving-names-no-rank", "src/serving/a.cpp", "int rank_count;\n", 1),
    ("serving-names-no-rank", "src/serving/a.cpp", "int my_rank;\n", 1),
    ("serving-names-no-rank", "include/regatta/serving/a.hpp", HEADER + "int numberOfRanks();\n", 2),
    ("pragma-once", "tests/base/a.hpp", "int x;\n", 1),
    ("pragma-once", "src/base/a.hpp", "// #pragma once\nint x;\n", 1),
    ("file-length", "src/base/a.cpp", "\n" * 401, 401),
    ("file-length", "tools/run", "\n" * 401, 401),
    ("file-length", "src/results/page/a.js", '"use strict";\n' * 401, 401),
    ("line-length", "src/results/page/a.css", "\n" + "a" * 121 + "\n", 2),
    ("strict-mode", "src/results/page/a.js", "// A comment.\n", 1),
    ("third-party-sums", "third_party/b/README.md", f"\n| `kept.js` | `{'0' * 64}` |\n", 2),
    ("third-party-sums", "third_party/b/README.md", f"| `gone.js` | `{'0' * 64}` |\n", 1),
    ("third-party-sums", "third_party/b/README.md", "No table.\n", 1),
    ("last-newline", "configs/catalogue/gpus.yaml", "a: 1\nb: 2", 2),
    ("last-newline", "src/base/a.cpp", "int x;", 1),
    ("links", "docs/guide/a.md", "\nSee [b](../b.md).\n", 2),
]

ALLOWED = {
    "src/transport/mpi.cpp": '#include <mpi.h>\n#include "engine/a.hpp"\nstd::vector<MPI_Request> requests_;\n'
                             "using Clock = std::chrono::steady_clock;\n",
    "src/engine/wall_clock.cpp": "using Clock = std::chrono::steady_clock;\n",
    "src/app/regatta_main.cpp": '#include <mpi.h>\n#include <iostream>\n#include "results/a.hpp"\n#include <CLI/CLI.hpp>\n'
                                "int main(int argc, char** argv) { std::cout << argc; }\n",
    "src/results/a.cpp": '#include <hdf5.h>\n#include <nlohmann/json.hpp>\n#include "scenario/a.hpp"\n'
                         'void f() { std::snprintf(b, 1, "std::cout"); }  // no printf( here\n',
    "src/results/a.hpp": "// A comment may come first.\n#pragma once\n",
    "src/scenario/a.cpp": "#include <yaml-cpp/yaml.h>\n",
    "src/serving/a.cpp": '#include "regatta/serving/b.hpp"\n#include "b.hpp"\n// ranks of a comment\nint operand, cranks, frank_;\n',
    "src/workload/a.cpp": '#include "workload/b.hpp"\nint length_distribution;\nint operand(int);\n'
                          'const char* k = R"(std::random_device)";\n',
    "tests/results/a_test.cpp": "#include <hdf5.h>\n#include <iostream>\n",
    "mpi_examples/phold/main.cpp": '#include <mpi.h>\nint main() { fmt::print("x"); }\n',
    "src/base/a.cpp": "\n" * 400,
    "docs/a.md": "[b](guide/b.md#part) and [c](https://example.org/c.md) and [d](#d)\n",
    "docs/guide/b.md": "## part\n",
    "src/results/page/a.js": '"use strict";\n' + "/" * 120 + "\n",
    "third_party/a/README.md": f"| file | sha256 |\n|---|---|\n| `a.js` | `{EMPTY_SUM}` |\n",
    "third_party/a/a.js": "",
}


class TidySelfTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name)

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def test_finds_every_planted_violation_at_its_place(self):
        for rule, name, content, line in VIOLATIONS:
            with self.subTest(rule=rule, name=name, content=content[:60]):
                self.write("third_party/b/kept.js", "kept\n")
                path = self.write(name, content)
                found = [(found_rule, found_name, found_line)
                         for found_rule, found_name, found_line, _ in rules.check(self.root)]
                self.assertIn((rule, name, line), found)
                path.unlink()

    def test_has_a_planted_violation_for_every_rule(self):
        self.assertEqual({rule for rule, *_ in VIOLATIONS}, set(rules.RULES))

    def test_finds_nothing_in_what_is_allowed(self):
        for name, content in ALLOWED.items():
            self.write(name, content)
        self.assertEqual(rules.check(self.root), [])

    def test_finds_words_of_errors_that_no_test_has(self):
        self.write("src/base/a.cpp", '''void f() {
    throw InputError(fmt::format("{}: expected a {} "
                                 "of \\"{}\\"; did you mean it?", a, b, c));
    problems_.add(place, path, is_late ? "it came too late" : "nothing came at all");
    REGATTA_CHECK(a, "our own mistake here");
    throw IoError(fmt::format("{}: cannot be read: {}", a, b));  // "not a literal"
    say("nothing is wrong here");
}
''')
        self.write("tests/base/a_test.cpp", 'EXPECT_EQ(e, Lines{"f: expected a whole number of \\"x\\"; did you "\n'
                                            '"mean it?"});\nEXPECT_EQ(e, path + ": cannot be read: " + why);\n')
        self.write("tests/cli/a.py", "expect('it came '\n       'too late')\n")
        self.assertEqual(error_texts.untested(self.root), [("src/base/a.cpp", 4, "nothing came at all")])


if __name__ == "__main__":
    unittest.main()
