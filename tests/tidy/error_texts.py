"""Texts of errors that no test has: `check.py texts ROOT`.

A text is a string literal of at least two words inside a call that makes or tells an error, in src/. It has a test when
its fixed parts stand in this order, on one line, in the literals of some test. {} stands for anything.
"""

import re

TELLS = re.compile(
    r"^(InputError|IoError|\w*problems_?\.(add|add_told|push_back)|tell|wrong|refuse|refuse_key|fail|fail_at|problem|"
    r"tl::make_unexpected|tl::unexpected|at_line|not_plain)$")
# Our own mistakes are found by tests of what they guard.
CHECKS = re.compile(r"^(REGATTA_(DEBUG_)?CHECK|BugError|fail_check)$")
# Texts that a test cannot bring about on every machine, and why.
EXCUSED = {
    "{}/{}: cannot be removed: {}": "root, as which tests run, may remove everything",
}

_TOKENS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<delimiter>[^(\s]*)\((?P<raw>.*?)\)(?P=delimiter)"|"(?P<text>(?:\\.|[^"\\\n])*)"|'
    r"'(?:\\.|[^'\\\n])+'|(?P<word>[A-Za-z_][\w:.]*(?:->\w+)*)|(?P<mark>[(){}\[\];,<>])|\s+|.", re.DOTALL)
_PLACE = re.compile(r"\{[^{}]*\}")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def unescaped(text):
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), text, flags=re.DOTALL)


def literals(source):
    """(line, text, calls around it from outside in) of a C++ file; what stands side by side is one text."""
    found = []
    calls = []
    word = ""
    is_joined = False
    for token in _TOKENS.finditer(source):
        if token[0].isspace() or token[0].startswith(("//", "/*")):
            continue
        if token["text"] is None and token["raw"] is None:
            is_joined = False
            if token["mark"] in ("(", "{", "["):
                calls.append(word if token["mark"] == "(" else "")
            elif token["mark"] in (")", "}", "]") and calls:
                calls.pop()
            if token["mark"] != ">":
                word = token["word"] or ""
            continue
        text = token["raw"] if token["raw"] is not None else unescaped(token["text"])
        if is_joined:
            found[-1][1] += text
        else:
            found.append([source.count("\n", 0, token.start()) + 1, text, list(calls)])
        is_joined = True
        word = ""
    return found


def texts_of_errors(source):
    for line, text, calls in literals(source):
        if any(CHECKS.match(call) for call in calls) or not any(TELLS.match(call) for call in calls):
            continue
        if re.search(r"[A-Za-z]{2,}\W+[A-Za-z]{2,}", _PLACE.sub("", text)):
            yield line, text


def pattern_of(text):
    """Without the file and line that it begins with: tests write their own."""
    text = re.sub(r"^(\{[^{}]*\}[:/]? ?)+", "", text).replace("{{", "\0").replace("}}", "\1")
    parts = [part.replace("\0", "{").replace("\1", "}") for part in _PLACE.split(text)]
    # What tests put together from several literals stands in lines one after the other.
    return re.compile(r"(?:[^\n]{0,400}?|\n(?:[^\n]{0,40}\n)?)".join(map(re.escape, parts)))


def text_of_tests(root):
    """All literals of the tests, one a line."""
    lines = []
    for path in sorted((root / "tests").rglob("*")):
        if path.suffix in (".cpp", ".hpp"):
            lines += [text for _, text, _ in literals(path.read_text(encoding="utf-8"))]
        elif path.suffix == ".py":
            joined = re.sub(r"(?<!\\)[\"']\s*\n\s*[rf]*[\"']", "", path.read_text(encoding="utf-8"))
            joined = re.sub(r"\\([().+*?\[\]])", r"\1", joined)  # of regular expressions
            lines.append(unescaped(joined.replace("{{", "{").replace("}}", "}")))
    return "\n".join(lines)


def untested(root):
    """(path, line, text) of each."""
    tests = text_of_tests(root)
    found = []
    for path in sorted((root / "src").rglob("*.[ch]pp")):
        name = path.relative_to(root).as_posix()
        for line, text in texts_of_errors(path.read_text(encoding="utf-8")):
            if text not in EXCUSED and not pattern_of(text).search(tests):
                found.append((name, line, text))
    return found
