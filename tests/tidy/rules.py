"""What the tidy test holds the tree to: one function per rule, each giving (path, line, text) for what breaks it.

The rules come from the architecture page (rooms and walls) and the contract (determinism); they read text, not a
syntax tree, so they are blunt on purpose and name exactly what they look for.
"""

import hashlib
import re
from pathlib import Path

# In the order of the #include arrows: a room may use itself and those before it.
ROOMS = ["base", "engine", "transport", "hardware", "llm", "timing", "workload", "serving", "routing", "control",
         "scenario", "results", "app"]
CODE_DIRECTORIES = ["src", "include", "mpi_examples", "tests", "tools"]
MOST_LINES = 400
MOST_COLUMNS = 120
PAGE_SUFFIXES = (".js", ".css", ".html")  # of the report's page; what C++ looks like, clang-format decides

_COMMENT_OR_STRING = re.compile(
    r'R"(?P<delimiter>[^(\s]*)\(.*?\)(?P=delimiter)"|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


class SourceFile:
    """One C++ file: its text, its code without comments and strings (same line numbers), and where it stands."""

    def __init__(self, root, path):
        self.path = path
        self.name = path.relative_to(root).as_posix()
        self.parts = self.name.split("/")
        self.text = path.read_text(encoding="utf-8")
        self.code = _COMMENT_OR_STRING.sub(lambda found: "\n" * found.group().count("\n"), self.text)
        self.is_header = path.suffix == ".hpp"

    @property
    def room(self):
        """The room it belongs to, or None (tests, examples)."""
        if self.parts[0] == "src" and len(self.parts) > 2:
            return self.parts[1]
        if self.parts[:2] == ["include", "regatta"] and len(self.parts) > 3:
            return self.parts[2]
        return None

    @property
    def is_product(self):
        return self.parts[0] != "tests"

    @property
    def defines_main(self):
        return re.search(r"\bint\s+main\s*\(", self.code) is not None

    def includes(self):
        """(line, name) of every #include, angle brackets or quotes."""
        return [(line_of(self.text, found.start()), found.group(2)) for found in _INCLUDE.finditer(self.text)]


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def code_files(root):
    files = []
    for directory in CODE_DIRECTORIES:
        for pattern in ("*.hpp", "*.cpp"):
            files += [SourceFile(root, path) for path in (root / directory).rglob(pattern)]
    return sorted(files, key=lambda file: file.name)


def hits(file, pattern, text, searched=None):
    searched = file.code if searched is None else searched
    return [(file.name, line_of(searched, found.start()), text.format(found.group().strip()))
            for found in re.finditer(pattern, searched)]


def included_room(name):
    parts = name.split("/")
    if parts[0] == "regatta":
        parts = parts[1:]
    return parts[0] if len(parts) > 1 and parts[0] in ROOMS else None


def include_arrows(root, files):
    found = []
    for file in files:
        if file.room is None:
            continue
        if file.room not in ROOMS:
            found.append((file.name, 1, f"\"{file.room}\" is no room; rooms: {', '.join(ROOMS)}"))
            continue
        for line, name in file.includes():
            used = included_room(name)
            if used is not None and ROOMS.index(used) > ROOMS.index(file.room):
                found.append((file.name, line, f"{file.room} must not include {used} (\"{name}\"); arrows go "
                                               f"from a room to itself and those before it: {', '.join(ROOMS)}"))
    return found


def wall(pattern, may_pass, text):
    """A rule: includes that match `pattern` only in product files for which may_pass(file)."""
    def rule(root, files):
        return [(file.name, line, text.format(name))
                for file in files if file.is_product and not may_pass(file)
                for line, name in file.includes() if re.match(pattern, name)]
    return rule


def public_headers(root, files):
    return [(file.name, line, f"a public header includes no MPI, HDF5, YAML or JSON header, found <{name}>")
            for file in files if file.parts[0] == "include"
            for line, name in file.includes() if re.match(r"mpi\.h|hdf5|H5|yaml-cpp/|nlohmann/", name)]


# What .cpp files that save state include in place of Boost's headers.
ARCHIVE = "include/regatta/base/archive.hpp"


def heavy_headers(root, files):
    return [(file.name, line, f"<{name}> belongs into .cpp files only: it takes seconds to compile")
            for file in files if file.is_header and file.name != ARCHIVE
            for line, name in file.includes() if re.match(r"nlohmann/(?!json_fwd)|CLI/|spdlog/|boost/archive/", name)] + [
                (file.name, line, "belongs into .cpp files only, like the archives that it includes")
                for file in files if file.is_header
                for line, name in file.includes() if name == "regatta/base/archive.hpp"]


_PRINTING = r"\bfmt::print\b|\bstd::(?:cout|cerr|clog)\b|\b(?:std::)?v?f?printf\s*\(|\b(?:std::)?f?puts\s*\("


def printing(root, files):
    found = []
    for file in files:
        if not file.is_product or file.room in ("app", None):
            continue
        found += [(file.name, line, f"only app prints, found <{name}>; rooms return facts")
                  for line, name in file.includes() if re.match(r"iostream$|print$|spdlog/", name)]
        found += hits(file, _PRINTING, "only app prints, found \"{}\"; rooms return facts")
    return found


_RANDOM = (r"\bstd::(?!discrete_event)\w+_distribution\b|\b(?:std::)?s?rand\s*\(|\brandom_device\b|"
           r"\b(?:std::)?(?:mt19937|minstd_rand|default_random_engine)\w*")
_CLOCKS = r"\b(?:system|steady|high_resolution)_clock\b|\b(?:gettimeofday|clock_gettime)\s*\(|\bstd::time\s*\("


def randomness(root, files):
    found = []
    for file in files:
        if file.is_product:
            found += hits(file, _RANDOM, "found \"{}\"; random numbers come from random_bits and uniform_open")
    return found


def wall_clock(root, files):
    found = []
    for file in files:
        is_helper = file.parts[-1].startswith("wall_clock.") and file.room == "engine"
        if file.is_product and not is_helper and file.room not in ("app", "transport", None):
            found += hits(file, _CLOCKS, "found \"{}\"; model code knows simulated time only, and what engine needs of "
                                         "the wall clock stands in its wall_clock.hpp")
    return found


def engine_names_no_request(root, files):
    # MPI calls an open transfer a request, so transport may use the word for that, but not the type.
    patterns = {"engine": r"(?i)\w*request\w*", "transport": r"\b(?:RequestId|Request|RequestRecord|request_id)\b"}
    found = []
    for file in files:
        if file.room in patterns:
            found += hits(file, patterns[file.room], "found \"{}\"; engine and transport know nothing of LLMs")
    return found


def serving_names_no_rank(root, files):
    found = []
    for file in files:
        if file.room == "serving":
            found += hits(file, r"(?<![A-Za-z])(?:rank|Rank|RANK)s?(?![a-z])|(?<=[a-z])Ranks?(?![a-z])",
                          "found \"{}\"; the model does not know over how many processes it is split")
    return found


def pragma_once(root, files):
    return [(file.name, 1, "a header opens with #pragma once") for file in files
            if file.is_header and not re.match(r"\s*#pragma once\n", file.code)]


def text_files(root):
    """Everything written by hand, code or not."""
    patterns = [f"{directory}/**/*" for directory in CODE_DIRECTORIES + ["configs", "cmake", "docs", "packaging", "tools", ".ci"]]
    patterns += ["*.md", "CMakeLists.txt", "CMakePresets.json"]
    paths = {path for pattern in patterns for path in root.glob(pattern)
             if path.is_file() and "__pycache__" not in path.parts}
    hostile = root / "tests/fuzz/corpus"  # is what it is on purpose
    return sorted(path for path in paths if hostile not in path.parents)


def file_length(root, files):
    found = []
    for path in text_files(root):
        suffixes = (".hpp", ".cpp", ".py", ".cmake", ".txt", *PAGE_SUFFIXES)
        if path.suffix in suffixes or path.parent.name in ("tools", ".ci"):
            lines = path.read_bytes().count(b"\n")
            if lines > MOST_LINES:
                found.append((path.relative_to(root).as_posix(), MOST_LINES + 1,
                              f"{lines} lines; a file has at most {MOST_LINES}: split it"))
    return found


def line_length(root, files):
    found = []
    for path in text_files(root):
        if path.suffix not in PAGE_SUFFIXES:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > MOST_COLUMNS:
                found.append((path.relative_to(root).as_posix(), number,
                              f"{len(line)} columns; a line has at most {MOST_COLUMNS}"))
    return found


def strict_mode(root, files):
    return [(path.relative_to(root).as_posix(), 1, "a script opens with \"use strict\";") for path in text_files(root)
            if path.suffix == ".js" and not path.read_text(encoding="utf-8").startswith('"use strict";\n')]


def third_party_sums(root, files):
    """What others wrote stays as they wrote it: each file is in its README's table, with its sum."""
    found = []
    for readme in sorted(root.glob("third_party/*/README.md")):
        name = readme.relative_to(root).as_posix()
        text = readme.read_text(encoding="utf-8")
        sums = {row[1]: (row[2], line_of(text, row.start()))
                for row in re.finditer(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", text, re.MULTILINE)}
        beside = {path.name: path for path in readme.parent.iterdir() if path.is_file() and path != readme}
        for file, (expected, line) in sums.items():
            if file not in beside:
                found.append((name, line, f"there is no {file}"))
            elif hashlib.sha256(beside[file].read_bytes()).hexdigest() != expected:
                found.append((name, line, f"{file} has another sha256 than the table says"))
        found += [(name, 1, f"{file} is not in the table of sums") for file in sorted(beside.keys() - sums.keys())]
    return found


def last_newline(root, files):
    found = []
    for path in text_files(root):
        content = path.read_bytes()
        is_text = b"\0" not in content and path.suffix not in (".gz", ".zst", ".h5", ".png")
        if is_text and content and not content.endswith(b"\n"):
            found.append((path.relative_to(root).as_posix(), content.count(b"\n") + 1, "the last line has no newline"))
    return found


def links(root, files):
    found = []
    for path in text_files(root):
        if path.suffix != ".md":
            continue
        text = path.read_text(encoding="utf-8")
        for link in re.finditer(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)", text):
            if not (path.parent / link[1]).exists():
                found.append((path.relative_to(root).as_posix(), line_of(text, link.start()),
                              f"there is no {link[1]}"))
    return found


RULES = {
    "include-arrows": include_arrows,
    "mpi-wall": wall(r"mpi\.h$|mpi/|boost/mpi", lambda file: file.room == "transport" or file.defines_main,
                     "<{}> belongs to transport and to files with main only"),
    "hdf5-wall": wall(r"hdf5|H5", lambda file: file.room == "results", "<{}> belongs to results only"),
    "yaml-wall": wall(r"yaml-cpp/", lambda file: file.room == "scenario", "<{}> belongs to scenario only"),
    "cairo-wall": wall(r"cairo", lambda file: file.name == "src/results/plot_canvas.cpp",
                       "<{}> belongs to src/results/plot_canvas.cpp only"),
    "public-headers": public_headers,
    "heavy-headers": heavy_headers,
    "printing": printing,
    "randomness": randomness,
    "wall-clock": wall_clock,
    "engine-names-no-request": engine_names_no_request,
    "serving-names-no-rank": serving_names_no_rank,
    "pragma-once": pragma_once,
    "file-length": file_length,
    "line-length": line_length,
    "strict-mode": strict_mode,
    "third-party-sums": third_party_sums,
    "last-newline": last_newline,
    "links": links,
}


def check(root):
    """(rule, path, line, text) for everything that breaks a rule under `root`."""
    root = Path(root)
    files = code_files(root)
    return [(name, *broken) for name, rule in RULES.items() for broken in rule(root, files)]
