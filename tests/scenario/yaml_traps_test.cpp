// What YAML lets pass or reads in unexpected ways, and what we say about it.
#include <gtest/gtest.h>

#include "loading.hpp"

namespace regatta::scenario {
namespace {

using testing::Lines;
using testing::load_text;
using testing::problems_of_text;
using testing::scenario_with;

TEST(YamlTraps, DuplicateKeysAreErrors) {
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 10min\nseed: 1\nduration: 20min")),
              Lines{"fleet.yaml:3:1: duration: given twice; first in line 1"});
    EXPECT_EQ(problems_of_text(scenario_with(6, "      node: {gpu: big-gpu, gpus: 8, gpu: big-gpu}")),
              Lines{"fleet.yaml:6:37: fleet.pools[0].node.gpu: given twice; first in line 6"});
}

TEST(YamlTraps, OctalAndHexadecimalNumbersAreErrors) {
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nseed: 010")),
              Lines{"fleet.yaml:2:7: seed: expected a whole number, found \"010\"; write it without the leading zero"});
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nseed: 0x10")),
              Lines{"fleet.yaml:2:7: seed: expected a whole number, found \"0x10\"; write it in decimal digits"});
}

TEST(YamlTraps, YesAndNoAreWordsLikeOthers) {
    EXPECT_EQ(load_text(scenario_with(1, "duration: 1s\nname: yes")).name, "yes");
    EXPECT_EQ(problems_of_text(scenario_with(1, "duration: 1s\nend: no")),
              Lines{"fleet.yaml:2:6: end: expected one of: drain, at_duration, found \"no\""});
}

TEST(YamlTraps, QuotedNumbersAreTexts) {
    EXPECT_EQ(
        problems_of_text(scenario_with(1, "duration: 1s\nseed: '8'")),
        Lines{"fleet.yaml:2:7: seed: expected a whole number of at least 0, found the quoted text \"8\"; leave out "
              "the quotes"});
}

TEST(YamlTraps, QuotedQuantitiesAreFineForJsonCannotWriteThemOtherwise) {
    EXPECT_EQ(load_text(scenario_with(1, "duration: \"90s\"")).duration, SimTime::from_s(90));
}

TEST(YamlTraps, NotANumberAndInfinityAreErrors) {
    const auto problems_with_scale = [](const std::string& scale) {
        return problems_of_text(scenario_with(7, "workload:\n  rate_scale: " + scale));
    };
    EXPECT_EQ(problems_with_scale(".nan"),
              Lines{"fleet.yaml:8:15: workload.rate_scale: expected a number, found \".nan\""});
    EXPECT_EQ(problems_with_scale("-.inf"),
              Lines{"fleet.yaml:8:15: workload.rate_scale: expected a number, found \"-.inf\""});
}

TEST(YamlTraps, MergeKeysAreErrors) {
    EXPECT_EQ(problems_of_text("targets: &t {ttft: 1s}\nmeasure:\n  <<: *t\n" + scenario_with()),
              Lines{"fleet.yaml:3:3: measure.<<: merge keys are not supported; write the keys out"});
}

TEST(YamlTraps, AliasesStandForWhatTheyName) {
    const Scenario scenario = load_text(scenario_with(10, "      lengths: {prompt: &l {fixed: 7}, output: *l}"));
    EXPECT_EQ(scenario.streams[0].output.parameters.count("tokens"), 7);
    EXPECT_EQ(problems_of_text(scenario_with(10, "      lengths: {prompt: *l, output: {fixed: 7}}")),
              Lines{"fleet.yaml:10:25: an alias (\"*\") of something that is not anchored (\"&\") before it"});
    EXPECT_EQ(problems_of_text("fleet: &f {pools: *f}\n"),
              Lines{"fleet.yaml:1:19: fleet.pools: an alias cannot stand inside of what it names"});
}

TEST(YamlTraps, SeveralDocumentsAreAnError) {
    EXPECT_EQ(problems_of_text(scenario_with() + "---\nseed: 2\n"),
              Lines{"fleet.yaml:11:1: a second document begins here; a file holds one document"});
    EXPECT_EQ(problems_of_text("---\n" + scenario_with()), Lines{});
}

TEST(YamlTraps, TabsInTheIndentationAreNamed) {
    EXPECT_EQ(problems_of_text(scenario_with(3, "\tpools:")),
              Lines{"fleet.yaml:3:1: a tab in the indentation; indent with spaces"});
}

TEST(YamlTraps, EmptyFilesAreErrors) {
    const Lines expected{"fleet.yaml: the file is empty; a scenario has at least fleet and workload"};
    EXPECT_EQ(problems_of_text(""), expected);
    EXPECT_EQ(problems_of_text("# nothing but a comment\n"), expected);
    EXPECT_EQ(problems_of_text("~\n"), expected);
}

TEST(YamlTraps, TheFileMustHoldAMap) {
    const std::string keys =
        "name, compat, duration, seed, targets, catalogue, fleet, gateways, network, workload, end, measure, energy, "
        "engine, output, branches";
    EXPECT_EQ(problems_of_text("- 1\n- 2\n"), Lines{"fleet.yaml:1:1: expected a map with: " + keys + "; found a list"});
    EXPECT_EQ(problems_of_text("hello\n", {"seed=1"}),
              Lines{"fleet.yaml:1:1: expected a map with: " + keys + "; found \"hello\""});
}

TEST(YamlTraps, TagsAreErrors) {
    EXPECT_EQ(
        problems_of_text(scenario_with(1, "duration: !!str 10min")),
        Lines{"fleet.yaml:1:11: duration: tags such as \"tag:yaml.org,2002:str\" are not supported; leave it out"});
}

TEST(YamlTraps, KeysMustBeWords) {
    EXPECT_EQ(problems_of_text("? [a, b]\n: 1\n"),
              Lines{"fleet.yaml:1:3: a key must be a word, found a list or a map"});
    EXPECT_EQ(problems_of_text("a: &x b\n*x : 1\n"), Lines{"fleet.yaml:2:1: a key must be a word, found an alias"});
    EXPECT_EQ(problems_of_text(scenario_with(1, "null: 10min")).front(),
              "fleet.yaml:1:1: null: no such key; allowed: name, compat, duration, seed, targets, catalogue, fleet, "
              "gateways, network, workload, end, measure, energy, engine, output, branches");
}

TEST(YamlTraps, JsonIsRead) {
    const char* const json = R"({
	"duration": "10min",
	"fleet": {"pools": [{"model": "small-llm", "nodes": 2, "node": {"gpu": "big-gpu"}}]},
	"workload": {"streams": [{"arrivals": {"rate": "40/s"},
		"lengths": {"prompt": {"quantiles": [[0, 1], [0.5, 10], [1, 20]]}, "output": {"fixed": 200}}}]}
})";
    EXPECT_EQ(load_text(json).pools[0].nodes, 2U);
}

TEST(YamlTraps, SyntaxErrorsAreExplained) {
    EXPECT_EQ(problems_of_text("fleet: {pools: [1, 2}\n"),
              Lines{"fleet.yaml:1:21: a \"]\" or \"}\" that closes nothing"});
    EXPECT_EQ(problems_of_text("fleet: {pools: 1\n"),
              Lines{"fleet.yaml:2:1: a \"{\" is not closed, or a comma is missing between its keys"});
    EXPECT_EQ(problems_of_text("fleet: [1, 2\n"),
              Lines{"fleet.yaml:2:1: a \"[\" is not closed, or a comma is missing between its values"});
    EXPECT_EQ(problems_of_text("name: a: b\n"),
              Lines{"fleet.yaml:1:8: a \": \" where none can stand; quote the text, or check the indentation"});
    EXPECT_EQ(problems_of_text("name: \"a\n"), Lines{"fleet.yaml:1:7: name: the quote is not closed"});
    EXPECT_EQ(problems_of_text("name: 'it''s\n"), Lines{"fleet.yaml:1:7: name: the quote is not closed"});
    EXPECT_EQ(problems_of_text("name: \"a\\\"\n"), Lines{"fleet.yaml:1:7: name: the quote is not closed"});
    EXPECT_EQ(load_text("name: 'it''s'\n" + scenario_with()).name, "it's");
    EXPECT_EQ(problems_of_text("name: x\n  - y\n- z\n"),
              Lines{"fleet.yaml:3:1: this line does not belong to the map above; check its indentation and its colon"});
    EXPECT_EQ(problems_of_text("name: @x\n"),
              Lines{"fleet.yaml:1:7: a character that cannot begin a value; quote the text"});
    EXPECT_EQ(problems_of_text("name: \"\\q\"\n"),
              Lines{"fleet.yaml:1:10: an escape (\"\\\") that YAML does not know"});
}

TEST(YamlTraps, RareSyntaxErrorsAreExplainedToo) {
    struct Case {
        const char* text;
        const char* problem;
    };
    for (const Case& it : {
             Case{"name: x\n- - y\n",
                  "2:1: this line does not belong to the map above; check its indentation and its "
                  "colon"},
             Case{"- - a\n - b\n",
                  "2:2: this line does not belong to the list above; check its indentation and its dash"},
             Case{"name: - x\n", "1:7: a \"-\" where no list can begin; check the indentation"},
             Case{"name: ? x\n", "1:7: a key where none can stand; check the indentation"},
             Case{"name: \"x\n---\n", "2:1: a quote is not closed"},
             Case{"[a, \"x", "1:7: a quote is not closed"},
             Case{"name: *\n", "1:8: a \"*\" without the name of an alias; quote the text"},
             Case{"name: & x\n", "1:8: a \"&\" without the name of an anchor; quote the text"},
             Case{"name: |x\n  y\n", "1:8: a \"|\" or \">\" with text behind it; write the text in the lines below"},
             Case{"name: \"\\xZZ\"\n", "1:12: an escape (\"\\\") that YAML does not know"},
             Case{"name: \"\\uD800\"\n", "1:14: an escape (\"\\\") that YAML does not know"},
             Case{"name: &a &b x\n", "1:10: not valid YAML; check indentation, colons, quotes and brackets"},
         }) {
        SCOPED_TRACE(it.text);
        EXPECT_EQ(problems_of_text(it.text), Lines{std::string("fleet.yaml:") + it.problem});
    }
}

TEST(YamlTraps, DocumentsHaveLimits) {
    const std::string deep(40, '[');
    EXPECT_EQ(problems_of_text("name: " + deep + std::string(40, ']')),
              Lines{"fleet.yaml:1:38: nested deeper than 32 levels"});
    std::string bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n";
    for (char c = 'b'; c <= 'h'; ++c) {
        const std::string before(1, static_cast<char>(c - 1));
        bomb += std::string(1, c) + ": &" + c + " [";
        for (int i = 0; i < 10; ++i)
            bomb += (i > 0 ? ",*" : "*") + before;
        bomb += "]\n";
    }
    EXPECT_EQ(problems_of_text(bomb).front().substr(0, 10), "fleet.yaml");
    EXPECT_NE(problems_of_text(bomb).front().find("more than 200000 values in one document"), std::string::npos);
    EXPECT_EQ(problems_of_text(std::string(5'000'000, '#')),
              Lines{"fleet.yaml: 5000000 bytes long; at most 4194304 are read"});
}

}  // namespace
}  // namespace regatta::scenario
