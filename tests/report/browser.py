"""What `regatta-post report` makes, in a browser: python3 browser.py [-v]. Exit code 77 when there is no browser."""

import os
import re
import shutil
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

from chromium import Browser, png_size, what_is_missing

sys.path.insert(0, str(Path(os.environ["REGATTA_SOURCE_DIR"]) / "tests/cli"))
from programs import CONFIGS, start  # noqa: E402  (found by the line above)

SKIPPED = 77
READY_LIMIT_S = 3
SHORT = ("--set", "duration=30s", "--set", "measure.from=0s", "--quiet")
SVG = "{http://www.w3.org/2000/svg}"

# Pixels of a chart's frame that are neither its background nor grey like grid, text and axes.
COLOURED_PIXELS = """
const canvas = document.querySelector(`#chart-${arguments[0]} canvas`);
const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
let count = 0;
for (let i = 0; i < data.length; i += 4) {
    const [low, high] = [Math.min(data[i], data[i + 1], data[i + 2]), Math.max(data[i], data[i + 1], data[i + 2])];
    if (data[i + 3] > 100 && high - low > 30) ++count;
}
return count;
"""
CHARTS = """
return regattaReport.charts.map(({id, kind, group, drawn, empty, x, cursor}) => (
    {id, kind, group, drawn, empty, x, cursor}));
"""
TILES = """
return [...document.querySelectorAll(".tile")].map((tile) => ({
    id: tile.id.replace("tile-", ""),
    values: [...tile.querySelectorAll(".tile-number")].map((node) => node.textContent),
    changes: [...tile.querySelectorAll(".tile-change")].map((node) => node.textContent.trim()),
    targets: [...tile.querySelectorAll(".tile-target")].map((node) => node.textContent),
}));
"""
# Texts whose contrast with what is behind them (WCAG 2.1, relative luminance) is less than it should be.
FAINT_TEXTS = """
const light = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
const parts = (color) => color.match(/[\\d.]+/g).map(Number);
const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
const behind = (node) => {
    const color = parts(getComputedStyle(node).backgroundColor);
    return color[3] === 0 ? behind(node.parentElement) : color;
};
return [...document.querySelectorAll("body *")].filter((node) => {
    const hasText = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!hasText || node.closest("script, noscript")) return false;
    const [low, high] = [parts(getComputedStyle(node).color), behind(node)].map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5;
}).map((node) => `${node.tagName}.${node.className}: ${node.textContent}`);
"""
IN_BASE_UNITS = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1, "%": 0.01, "k": 1e3, "M": 1e6, "G": 1e9}


def number_of(text):
    """The number that a text like "9.83 ms", "12 min 05 s" or "61.2 k tokens/s" stands for."""
    parts = re.findall(r"([\d.,]+) (h|min|s)\b", text)
    if len(parts) == 2:
        return sum(float(number.replace(",", "")) * {"h": 3600, "min": 60, "s": 1}[unit] for number, unit in parts)
    number, unit = re.fullmatch(r"(-?[\d.,]+)(?: (\S+).*)?", text).groups()
    return float(number.replace(",", "")) * IN_BASE_UNITS.get(unit, 1)


def at_path(summary, path):
    for key in path.split("."):
        summary = summary[key]
    return summary


class ReportPage(unittest.TestCase):
    """Of one run, and of two laid over each other."""

    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="regatta-browser-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.run_paths = [cls.directory / "one", cls.directory / "two"]
        for seed, path in enumerate(cls.run_paths, 1):
            cls.program("regatta", "run", CONFIGS / "quickstart.yaml", *SHORT, "--set", f"seed={seed}", "--out", path)
        cls.page = cls.directory / "one.html"
        cls.overlay = cls.directory / "both.html"
        cls.program("regatta-post", "report", cls.run_paths[0], "-o", cls.page)
        cls.program("regatta-post", "report", *cls.run_paths, "-o", cls.overlay)
        cls.browser = Browser(cls.directory)
        cls.addClassCleanup(cls.browser.close)

    @staticmethod
    def program(*command):
        outcome = start(*command)
        assert outcome.code == 0, f"{command}: {outcome}"
        return outcome

    def setUp(self):
        self.browser.resize(1280, 900)
        self.browser.prefer("light")

    def open(self, page):
        self.browser.open(page)
        self.browser.run("regattaReport.drawAll();")
        # uPlot draws in a task of its own, after the one that asked for it.
        self.browser.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]));")

    def charts(self, kind=None):
        charts = [chart for chart in self.browser.run(CHARTS) if not chart["empty"]]
        return [chart for chart in charts if kind in (None, chart["kind"])]

    def on_time(self):
        return [chart for chart in self.charts() if chart["group"] == "time"]

    def assert_ranges(self, expected):
        for chart in self.on_time():
            with self.subTest(chart=chart["id"]):
                for found, wanted in zip(chart["x"], expected):
                    self.assertAlmostEqual(found, wanted, delta=1e-3 * (expected[1] - expected[0]))

    def test_is_ready_soon_and_asks_for_nothing(self):
        for page in (self.page, self.overlay):
            with self.subTest(page=page.name):
                self.assertLess(self.browser.open(page), READY_LIMIT_S)
                self.browser.run("regattaReport.drawAll(); window.scrollTo(0, document.body.scrollHeight);")
                self.assertEqual(self.browser.complaints(), [])
                addresses = self.browser.addresses()
                self.assertIn(page.as_uri(), addresses)
                self.assertEqual([a for a in addresses if not a.startswith(("file:", "data:", "blob:"))], [])

    def test_draws_what_comes_near_first(self):
        self.browser.open(self.page)
        drawn = [chart["drawn"] for chart in self.charts()]
        self.assertTrue(drawn[0])
        self.assertFalse(drawn[-1])
        last = self.charts()[-1]["id"]
        self.browser.show(f"#chart-{last}")
        self.browser.wait_for("return regattaReport.charts.find(({id}) => id === arguments[0]).drawn;", last)

    def test_every_chart_shows_its_data(self):
        for page in (self.page, self.overlay):
            self.open(page)
            charts = self.charts()
            self.assertGreater(len(charts), 5)
            self.assertLessEqual({"lines", "stacked", "heat"}, {chart["kind"] for chart in charts})
            for chart in charts:
                with self.subTest(page=page.name, chart=chart["id"]):
                    self.assertTrue(chart["drawn"])
                    self.assertGreater(self.browser.run(COLOURED_PIXELS, chart["id"]), 100)
            self.assertEqual(self.browser.complaints(), [])

    def test_a_hidden_series_leaves_the_chart_and_comes_back(self):
        self.open(self.overlay)
        chart = self.charts("lines")[0]["id"]
        before = self.browser.run(COLOURED_PIXELS, chart)
        press = "const button = document.querySelector(`#chart-${arguments[0]} .legend button`); button.click();"
        pressed = self.browser.run(press + "return button.getAttribute('aria-pressed');", chart)
        self.assertEqual(pressed, "false")
        self.browser.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]));")
        self.assertLess(self.browser.run(COLOURED_PIXELS, chart), 0.8 * before)
        self.browser.run(press, chart)
        self.browser.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]));")
        self.assertEqual(self.browser.run(COLOURED_PIXELS, chart), before)

    def test_charts_over_time_zoom_together_and_go_back(self):
        self.open(self.page)
        charts = self.on_time()
        self.assertGreater(len(charts), 3)
        self.assertIn("heat", {chart["kind"] for chart in charts})
        full = charts[0]["x"]
        others = [chart["x"] for chart in self.charts() if chart["group"] != "time"]
        self.browser.run("regattaReport.charts.find(({group}) => group === 'time').zoom(5, 12);")
        self.assert_ranges([5, 12])
        self.assertEqual([chart["x"] for chart in self.charts() if chart["group"] != "time"], others)
        frame = f"#chart-{charts[1]['id']} .u-over"
        self.browser.drag(frame, 0.25, 0.75)
        self.assert_ranges([6.75, 10.25])
        self.browser.run(f"document.querySelector('#chart-{charts[2]['id']} .tool-reset').click();")
        self.assert_ranges(full)
        self.browser.drag(frame, 0.5, 0.6)
        self.assertLess(self.on_time()[0]["x"][1], full[1])
        self.browser.run("document.querySelector(arguments[0]).dispatchEvent(new MouseEvent('dblclick'));", frame)
        self.assert_ranges(full)

    def test_cursors_move_together_and_say_values(self):
        self.open(self.page)
        charts = self.on_time()
        box = self.browser.show(f"#chart-{charts[0]['id']} .u-over")
        self.browser.command("Input.dispatchMouseEvent", type="mouseMoved", x=box["left"] + box["width"] / 3,
                             y=box["top"] + box["height"] / 2)
        low, high = charts[0]["x"]
        for chart in self.on_time():
            with self.subTest(chart=chart["id"]):
                self.assertAlmostEqual(chart["cursor"], low + (high - low) / 3, delta=0.02 * (high - low))
        for chart in charts[:2]:  # in view
            with self.subTest(chart=chart["id"]):
                self.browser.wait_for("return document.querySelector(arguments[0]).textContent !== '';",
                                      f"#chart-{chart['id']} .cursor-at")

    def test_keys_move_the_cursor_and_zoom(self):
        self.open(self.page)
        chart = self.on_time()[0]
        plot = f"#chart-{chart['id']} .plot"
        low, high = chart["x"]
        cursor = f"return regattaReport.charts.find(({{id}}) => id === '{chart['id']}').cursor;"
        arrow_right, arrow_left, escape = "\ue014", "\ue012", "\ue00c"
        self.browser.press(plot, arrow_right, arrow_right, arrow_right)
        first = self.browser.run(cursor)
        self.assertGreater(first, low)
        self.browser.press(plot, arrow_left)
        self.assertLess(self.browser.run(cursor), first)
        said = self.browser.run("return document.getElementById('announcer').textContent;")
        self.assertRegex(said, r"^[\d.]+ m?s; \w")
        self.browser.press(plot, "+")
        zoomed = self.on_time()[0]["x"]
        self.assertAlmostEqual(zoomed[1] - zoomed[0], (high - low) / 2, delta=0.02 * (high - low))
        self.browser.press(plot, "-")
        self.assert_ranges([low, high])
        for key in (escape, "0"):
            self.browser.press(plot, "+")
            self.assertNotEqual(self.on_time()[0]["x"], [low, high])
            self.browser.press(plot, key)
            self.assert_ranges([low, high])
        self.assertEqual(self.browser.complaints(), [])

    def test_numbers_read_as_the_programs_print_them(self):
        self.browser.open(self.page)
        for value, unit, text in (
                (740e-9, "s", "740 ns"), (9.83e-3, "s", "9.83 ms"), (1.5, "s", "1.50 s"), (725, "s", "12 min 05 s"),
                (7500, "s", "2 h 05 min"), (0.984, "fraction", "98.4 %"), (0.99999, "fraction", "99.9 %"),
                (61234, "tokens", "61.2 k tokens"), (2390, "requests", "2,390 requests"), (1536, "bytes", "1.54 kB"),
                (9.85e6, "J", "9.85 MJ"), (412, "J/request", "412 J/request"), (None, "s", "–")):
            with self.subTest(value=value, unit=unit):
                self.assertEqual(self.browser.run("return regattaReport.format(...arguments);", value, unit), text)

    def test_tiles_say_what_the_summary_says(self):
        summaries = [self.program("regatta-post", "stats", path, "--json").json for path in self.run_paths]
        for page, expected in ((self.page, summaries[:1]), (self.overlay, summaries)):
            self.open(page)
            tiles = self.browser.run(TILES)
            self.assertGreater(len(tiles), 5)
            for tile in tiles:
                with self.subTest(page=page.name, tile=tile["id"]):
                    values = [at_path(summary, tile["id"]) for summary in expected]
                    # Three digits: off by half of the last one.
                    for text, value in zip(tile["values"], values, strict=True):
                        most = max(0.0051 * abs(value), 0.00051)
                        self.assertAlmostEqual(number_of(text), value, delta=most, msg=text)
                    self.assertEqual(len(tile["changes"]), len(expected) - 1)
            met = [text for tile in tiles for text in tile["targets"]]
            self.assertTrue(met)
            for text in met:
                self.assertRegex(text, r"^(✓ (target .+ )?met|✗ (target .+ )?missed)$")

    def test_figures_can_be_saved(self):
        self.open(self.overlay)
        for chart in self.charts():
            with self.subTest(chart=chart["id"]):
                png = self.browser.download(f"#chart-{chart['id']} .tool-png")
                self.assertEqual(png.suffix, ".png")
                width, height = png_size(png)
                self.assertGreater(width, 1000)
                self.assertGreater(height, 300)
                svg = self.browser.download(f"#chart-{chart['id']} .tool-svg")
                self.assertEqual(svg.suffix, ".svg")
                root = ET.parse(svg).getroot()
                self.assertEqual(root.tag, SVG + "svg")
                self.assertGreater(len(list(root.iter(SVG + "path"))), 5)
                self.assertEqual(len(list(root.iter(SVG + "image"))), 1 if chart["kind"] == "heat" else 0)
                title = self.browser.run("return document.querySelector(arguments[0]).textContent;",
                                         f"#chart-{chart['id']} h3")
                self.assertIn(title, [node.text for node in root.iter(SVG + "text")])
        self.assertEqual(self.browser.complaints(), [])

    def test_data_stand_in_a_table(self):
        self.open(self.page)
        for chart in self.charts():
            with self.subTest(chart=chart["id"]):
                rows = self.browser.run(
                    "const details = document.querySelector(`#chart-${arguments[0]} .data`);"
                    "details.open = true; details.dispatchEvent(new Event('toggle'));"
                    "return details.querySelectorAll('tbody tr').length;", chart["id"])
                self.assertGreater(rows, 0)
                self.assertLessEqual(rows, 500)

    def test_fits_a_phone(self):
        self.browser.resize(390, 844)
        for page in (self.page, self.overlay):
            with self.subTest(page=page.name):
                self.open(page)
                self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth;"), 390)
                for chart in self.charts():
                    width = self.browser.run("return document.querySelector(arguments[0]).clientWidth;",
                                             f"#chart-{chart['id']} .plot")
                    self.assertGreater(width, 340)

    def test_is_dark_where_people_want_it_dark(self):
        background = "return getComputedStyle(document.body).backgroundColor;"
        self.open(self.page)
        light = self.browser.run(background)
        self.browser.prefer("dark")
        self.browser.wait_for("return getComputedStyle(document.body).backgroundColor !== arguments[0];", light)
        press = "document.getElementById('theme-button').click();" + background
        self.assertEqual(self.browser.run(press), light, "auto, then light")
        self.assertNotEqual(self.browser.run(press), light, "then dark")
        self.browser.run("document.getElementById('theme-button').click();")  # auto again
        for chart in self.charts():
            with self.subTest(chart=chart["id"]):
                self.assertGreater(self.browser.run(COLOURED_PIXELS, chart["id"]), 100)
        self.assertEqual(self.browser.complaints(), [])

    def test_texts_are_readable_and_parts_have_names(self):
        for scheme in ("light", "dark"):
            with self.subTest(scheme=scheme):
                self.browser.prefer(scheme)
                self.open(self.overlay)
                self.browser.run("document.querySelectorAll('details').forEach((node) => { node.open = true; });")
                self.assertEqual(self.browser.run(FAINT_TEXTS), [])
        levels = self.browser.run("return [...document.querySelectorAll('h1, h2, h3')].map((h) => +h.tagName[1]);")
        self.assertEqual(levels.count(1), 1)
        self.assertTrue(all(after <= before + 1 for before, after in zip(levels, levels[1:])), levels)
        ids = self.browser.run("return [...document.querySelectorAll('[id]')].map(({id}) => id);")
        self.assertEqual(len(ids), len(set(ids)))
        names = self.browser.run("return [...document.querySelectorAll('button, a, figure, .plot')].map((node) =>"
                                 "node.ariaLabel || node.getAttribute('aria-labelledby') || node.textContent.trim());")
        self.assertTrue(all(names), names)

    def test_paper_gets_all_figures(self):
        self.browser.open(self.page)  # not drawn yet, most of them
        figures = self.browser.run("window.dispatchEvent(new Event('beforeprint'));"
                                   "return document.querySelectorAll('svg.print-figure').length;")
        self.assertEqual(figures, len(self.charts()))
        self.browser.run("window.dispatchEvent(new Event('afterprint'));")
        self.assertTrue(self.browser.command("Page.printToPDF")["data"].startswith("JVBERi"))  # %PDF in base64


if __name__ == "__main__":
    if missing := what_is_missing():
        print(f"skipped: there is no {', no '.join(missing)}; tools/install-deps --browser brings them")
        sys.exit(SKIPPED)
    unittest.main()
