"""What is made of the declarations behind --help: manual pages, and completion for shells.

python3 command_line.py [-v]
"""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from programs import BIN, TIME_FACTOR, ProgramTest, start

PROGRAMS = ("regatta", "regatta-post")
# `reference` prints them; zsh and fish have no part in the first.
SHELLS = ("bash", "zsh", "fish")


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=60 * TIME_FACTOR,
                          **options)


def commands_of(program):
    listed = start(program, "--help").stdout.split("\nSubcommands:\n")[1]
    return re.findall(r"(?m)^  (\S+)", listed)


def options_of(program, *command):
    """Every name of an option that --help lists."""
    listed = re.findall(r"(?m)^  (-\S+)", start(program, *command, "--help").stdout)
    return [name for names in listed for name in names.split(",")]


def each_command():
    return [(program, command) for program in PROGRAMS for command in commands_of(program)]


class Reference(ProgramTest):
    def test_a_shell_goes_with_completion_only(self):
        outcome = start("regatta-post", "reference", "metrics", "zsh")
        self.assertEqual(outcome.code, 2)
        self.assertEqual(outcome.stderr, "regatta-post reference: \"zsh\" is one argument too many\n")
        outcome = start("regatta", "reference", "completion", "csh")
        self.assertEqual(outcome.code, 2)
        self.assertIn("csh not in {bash,zsh,fish}", outcome.stderr)

    def test_completion_is_for_bash_unless_another_shell_is_named(self):
        for program in PROGRAMS:
            scripts = {shell: self.succeed(program, "reference", "completion", shell).stdout for shell in SHELLS}
            self.assertEqual(self.succeed(program, "reference", "completion").stdout, scripts["bash"])
            self.assertEqual(len(set(scripts.values())), 3)

    def test_the_build_has_written_what_the_programs_print(self):
        for program in PROGRAMS:
            built = BIN.parent / "share"
            self.assertEqual((built / f"{program}.1").read_text(), self.succeed(program, "reference", "man").stdout)
            for shell in SHELLS:
                self.assertEqual((built / f"{program}.{shell}").read_text(),
                                 self.succeed(program, "reference", "completion", shell).stdout)

    def test_it_is_said_once_on_several_ranks(self):
        self.assertEqual(self.succeed("regatta", "reference", "man", ranks=2).stdout,
                         self.succeed("regatta", "reference", "man").stdout)


class Page(ProgramTest):
    def pages(self):
        for program in PROGRAMS:
            yield program, self.write(f"{program}.1", self.succeed(program, "reference", "man").stdout)

    def test_every_option_that_help_lists_is_in_the_page_of_its_command(self):
        for program, path in self.pages():
            text = path.read_text().replace("\\-", "-")
            parts = re.split(r"(?m)^\.SS \"" + program + r" (\S+)\"$", text)
            sections = dict(zip(parts[1::2], parts[2::2]))
            self.assertEqual(list(sections), commands_of(program))
            for option in options_of(program):
                self.assertIn(f"\\fB{option}\\fR", parts[0])
            for command, section in sections.items():
                for option in options_of(program, command):
                    with self.subTest(program=program, command=command, option=option):
                        self.assertIn(f"\\fB{option}\\fR", section)

    def test_it_has_every_sentence_and_example_of_help(self):
        def letters(text):
            return re.sub(r"\W+", "", text.replace("\\e", "\\").replace("\\(aq", "'").replace("\\(ti", "~"))
        for program, path in self.pages():
            text = letters(re.sub(r"(?m)^\.(PP|nf|fi|RS 4|RE)\n", "", path.read_text()))
            for command in commands_of(program):
                said = start(program, command, "--help").stdout
                notes = said.rsplit("\n\n", 1)[1] if "xample" in said else ""
                sentences = re.findall(r"(?m)^ {30}(\S.*)$", said) + notes.splitlines() + said.splitlines()[:1]
                for sentence in sentences:
                    with self.subTest(program=program, command=command, sentence=sentence):
                        self.assertIn(letters(sentence), text)

    def test_formatters_have_nothing_to_remark(self):
        formatters = [("groff", "-man", "-ww", "-Tutf8"), ("mandoc", "-Tlint", "-Wwarning"),
                      ("man", "--warnings", "-E", "UTF-8", "--local-file", "-Tutf8", "-Z")]
        found = [formatter for formatter in formatters if shutil.which(formatter[0])]
        if not found:
            self.skipTest("neither groff nor mandoc nor man is installed")
        for _, path in self.pages():
            for formatter in found:
                with self.subTest(formatter=formatter[0], page=path.name):
                    done = run(*formatter, path)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    if formatter[0] == "mandoc":
                        self.assertEqual(done.stdout, "")

    def test_people_read_options_and_examples_as_they_are_typed(self):
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        _, path = next(self.pages())
        text = run("groff", "-man", "-Tutf8", "-P-cbou", "-rLL=110n", path).stdout
        self.assertRegex(text, r"(?m)^ +regatta run \[OPTIONS\] \[SCENARIO\]$")
        self.assertRegex(text, r"(?m)^ +--set PATH=VALUE\n +Replaces one value of the scenario; may be repeated\.$")
        self.assertRegex(text, r"(?m)^ +mpirun -n 2 regatta run configs/million-gpus\.yaml --checkpoint-every 10s --out out$")
        self.assertRegex(text, r"(?m)^ +3 +A run was stopped by a signal or a limit; ")

    def test_words_that_no_sentence_names_are_listed(self):
        text = " ".join(self.succeed("regatta", "reference", "man").stdout.split())
        self.assertIn("How nodes are chosen (default: random). One of: random, least_loaded, gpu_count, affinity.", text)


class Completion(ProgramTest):
    """What each shell offers for a line; the last word is the one that is completed."""

    def setUp(self):
        super().setUp()
        (self.directory / "fleet.yaml").touch()
        (self.directory / "fleet two.yaml").touch()
        (self.directory / "runs").mkdir()

    def offers(self, *line):
        """Everything that is offered, sorted."""
        raise NotImplementedError

    def check_all(self):
        files = ["fleet two.yaml", "fleet.yaml", "runs"]
        for line, expected in [
                (["regatta", ""], commands_of("regatta")),
                (["regatta", "r"], ["reference", "roofline", "run"]),
                (["regatta-post", "re"], ["reference", "report", "requests"]),
                (["regatta", "run", "fl"], files[:2]),
                (["regatta", "run", "fleet.yaml", "--out", ""], ["runs"]),
                (["regatta", "run", "--out", "out", "fl"], files[:2]),
                (["regatta", "run", "--seed", ""], []),
                (["regatta", "roofline", "--stage", ""], ["both", "decode", "prefill"]),
                (["regatta", "roofline", "--stage", "p"], ["prefill"]),
                (["regatta", "import", "vidur", "--predictor", ""], ["forest", "interpolate", "polynomial"]),
                (["regatta", "import", "v"], ["vidur"]),
                (["regatta", "catalog", "mo"], ["models"]),
                (["regatta", "reference", "completion", ""], ["bash", "fish", "zsh"]),
                (["regatta-post", "export", "flat", ""], files),
                (["regatta-post", "merge", ""], ["runs"]),
                (["regatta-post", "merge", "runs", "-o", "fleet."], ["fleet.yaml"]),
                (["regatta-post", "merge", "runs", "--packing", ""], ["deflate", "none"]),
                (["regatta-post", "report", "runs", "fleet.yaml", ""], files),
                (["regatta-post", "roofline", "--axes", "li"], ["linear"])]:
            with self.subTest(line=line):
                self.assertEqual(self.offers(*line), sorted(expected))
        for program, command in each_command():
            with self.subTest(program=program, command=command):
                self.assertEqual(self.offers(program, command, "--"),
                                 sorted(name for name in options_of(program, command) if name.startswith("--")))


class Bash(Completion):
    def offers(self, *line):
        script = self.succeed(line[0], "reference", "completion", "bash").stdout
        words = [part for word in line for part in re.split("(=)", word) if part or word == ""]
        script += f"""
            COMP_WORDS=({" ".join(f"'{word}'" for word in words)}) COMP_CWORD={len(words) - 1}
            _{line[0].replace("-", "_")}
            ((${{#COMPREPLY[@]}})) && printf '%s\\n' "${{COMPREPLY[@]}}" """
        done = run("bash", "--norc", "-c", script, cwd=self.directory)
        self.assertEqual(done.stderr, "")
        return sorted(done.stdout.splitlines())

    def test_all(self):
        self.check_all()

    def test_short_options_are_offered_too(self):
        self.assertEqual(self.offers("regatta-post", "merge", "-"), sorted(options_of("regatta-post", "merge")))

    def test_programs_have_options_of_their_own(self):
        self.assertEqual(self.offers("regatta", "--"), ["--help", "--version"])

    def test_a_value_may_follow_an_equals_sign(self):
        self.assertEqual(self.offers("regatta", "roofline", "--stage=d"), ["decode"])
        self.assertEqual(self.offers("regatta", "run", "--out="), ["runs"])
        self.assertEqual(self.offers("regatta", "catalog", "--filter=llama", "ti"), ["timing"])

    def test_options_are_offered_when_no_argument_is_left(self):
        self.assertEqual(self.offers("regatta-post", "stats", "runs", ""), sorted(options_of("regatta-post", "stats")))

    def test_the_shell_knows_the_function(self):
        for program in PROGRAMS:
            script = self.succeed(program, "reference", "completion").stdout + f"\ncomplete -p {program}\n"
            done = run("bash", "--norc", "-c", script)
            self.assertEqual(done.stdout, f"complete -F _{program.replace('-', '_')} {program}\n")

    def test_words_that_are_offered_are_those_that_are_taken(self):
        for line in (["regatta", "roofline", "--hardware", "h100-sxm", "--model", "llama-3.1-8b", "--stage"],
                     ["regatta", "roofline", "--hardware", "h100-sxm", "--model", "llama-3.1-8b", "--attention"],
                     ["regatta", "roofline", "--hardware", "h100-sxm", "--model", "llama-3.1-8b", "--compat"],
                     ["regatta", "roofline", "--hardware", "h100-sxm", "--model", "llama-3.1-8b", "--format"],
                     ["regatta", "catalog"], ["regatta", "import"], ["regatta", "import", "scratchpad", "--policy"],
                     ["regatta", "import", "vidur", "--predictor"],
                     ["regatta-post", "merge", "runs", "--packing"], ["regatta-post", "roofline", "-o", "x.svg", "--axes"],
                     ["regatta-post", "trace", "fleet.yaml", "--format"]):
            with self.subTest(line=line):
                offered = self.offers(*line, "")
                self.assertGreater(len(offered), 1)
                refused = start(*line, "nonsense", cwd=self.directory)
                self.assertEqual(refused.code, 2)
                said = re.split(r"expected|not in", refused.stderr, maxsplit=1)[1].split("found")[0].split("see")[0]
                self.assertEqual(sorted(set(re.findall(r"\w+", said)) - {"or", "one", "of"}), offered)


@unittest.skipIf(shutil.which("fish") is None, "fish is not installed")
class Fish(Completion):
    def setUp(self):
        super().setUp()
        self.home = Path(tempfile.mkdtemp(prefix="regatta-fish-"))
        self.addCleanup(shutil.rmtree, self.home)

    def offers(self, *line):
        path = self.home / "completion.fish"
        path.write_text(self.succeed(line[0], "reference", "completion", "fish").stdout)
        environment = {"HOME": str(self.home), "PATH": f"{BIN}:/usr/bin:/bin"}
        done = run("fish", "--no-config", "-c", f"source {path}; complete -C \"{' '.join(line)}\"", cwd=self.directory,
                   env=environment)
        self.assertEqual(done.stderr, "")
        return sorted(text.split("\t")[0].rstrip("/") for text in done.stdout.splitlines())

    def test_all(self):
        self.check_all()


# Typed into an interactive zsh: every match that a completion function adds goes into a file, ended by a mark.
ZSH = """
PROMPT= RPROMPT=
fpath=({0} $fpath)
autoload -Uz compinit && compinit -u -d {0}/dump
compadd() {{
    local -a matches
    if [[ ${{@[1,(i)(-|--)]}} != *-(O|A|D)\\ * ]]; then
        builtin compadd -A matches "$@"
        print -rl -- $matches >>{0}/matches
    fi
    builtin compadd "$@"
}}
finish() {{ print -r -- END >>{0}/matches }}
comppostfuncs=(finish)
bindkey '^I' complete-word
zstyle ':completion:*' verbose no
unsetopt list_beep
cd {1}
print READY
"""


@unittest.skipIf(shutil.which("zsh") is None, "zsh is not installed")
class Zsh(Completion):
    def setUp(self):
        super().setUp()
        self.functions = Path(tempfile.mkdtemp(prefix="regatta-zsh-"))
        self.addCleanup(shutil.rmtree, self.functions)
        for program in PROGRAMS:
            (self.functions / f"_{program}").write_text(self.succeed(program, "reference", "completion", "zsh").stdout)
        (self.functions / "typed").write_text(ZSH.format(self.functions, self.directory))

    def offers(self, *line):
        found = self.functions / "matches"
        found.write_text("")
        shell, terminal = pty.fork()
        if shell == 0:
            os.environ["TERM"] = "dumb"
            os.execvp("zsh", ["zsh", "-f", "-i"])
        try:
            os.write(terminal, f"source {self.functions}/typed\n".encode())
            self.wait_for(terminal, lambda said: b"READY\r\n" in said)
            os.write(terminal, (" ".join(line) + "\t").encode())
            self.wait_for(terminal, lambda said: "END" in found.read_text().splitlines())
        finally:
            os.kill(shell, signal.SIGKILL)
            os.waitpid(shell, 0)
            os.close(terminal)
        return sorted({name.rstrip("/").replace("\\ ", " ") for name in found.read_text().split("END")[0].splitlines() if name})

    def wait_for(self, terminal, has_come):
        said = b""
        deadline = time.monotonic() + 30 * TIME_FACTOR
        while not has_come(said):
            self.assertLess(time.monotonic(), deadline, said.decode())
            if select.select([terminal], [], [], 0.05)[0]:
                said += os.read(terminal, 65536)

    def test_all(self):
        self.check_all()


if __name__ == "__main__":
    unittest.main()
