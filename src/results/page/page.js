"use strict";

const reportDocument = JSON.parse(document.getElementById("report-data").textContent);
const charts = [];
const groups = new Map();

function groupOf(spec) {
    const name = spec.kind === "stacked" ? "" : spec.x.group || "";
    // Alone under its own name, which no group has.
    const key = name || `#${spec.id}`;
    if (!groups.has(key)) groups.set(key, new ChartGroup(name));
    return groups.get(key);
}

/** A section of the page, and its link at the top. */
function addSection(id, title, text) {
    const section = element("section", {id: `section-${id}`, "aria-labelledby": `heading-${id}`},
                            element("h2", {id: `heading-${id}`}, title),
                            text ? element("p", {class: "lead"}, text) : null);
    document.getElementById("main").append(section);
    document.getElementById("section-links").append(element("li", {}, element("a", {href: `#section-${id}`}, title)));
    return section;
}

function addHeadline({tiles, runs}) {
    const main = document.getElementById("main");
    const section = element("section", {id: "section-headline", "aria-labelledby": "heading-headline"},
                            element("h2", {id: "heading-headline", class: "hidden"}, "Headline figures"),
                            runLegend(runs));
    if (tiles.length) section.append(tileList(tiles, runs));
    main.append(section);
}

function addSections(sections) {
    for (const {id, title, text, charts: specs = [], tables = []} of sections) {
        const section = addSection(id, title, text);
        const grid = element("div", {class: specs.length === 1 ? "charts single" : "charts"});
        for (const spec of specs) {
            const chart = new Chart(spec, groupOf(spec));
            charts.push(chart);
            grid.append(chart.figure);
        }
        if (specs.length) section.append(grid);
        if (tables.length) section.append(element("div", {class: "tables"}, ...tables.map(tableBlock)));
    }
}

function addScenarios({runs, scenarios, notes, program}) {
    const title = runs.length > 1 ? "Scenarios" : "Scenario";
    const section = addSection("scenarios", title, "With all defaults, as it was run.");
    section.append(...scenarios.map((scenario) => scenarioBlock(scenario, runs)));
    if (notes.length) {
        const list = element("ul", {class: "notes"}, ...notes.map((note) => element("li", {}, note)));
        addSection("notes", "Notes", "").append(list);
    }
    document.getElementById("footer").textContent =
        `Made by ${program}. Drag over a chart to zoom, double-click or Escape to go back; arrow keys move the cursor.`;
}

/** Draws charts as they come near; the promise: those near the viewport of now are drawn. */
function drawWhenNear() {
    return new Promise((resolve) => {
        const observer = new IntersectionObserver((entries) => {
            for (const {target, isIntersecting} of entries) {
                charts.find(({figure}) => figure === target).setNear(isIntersecting);
            }
            resolve();
        }, {rootMargin: "600px 0px"});
        for (const {figure} of charts) observer.observe(figure);
        if (charts.length === 0) resolve();
    });
}

/** Paper gets the figures as vectors in the light colours, whatever the screen shows. */
function preparePrint() {
    for (const chart of charts) {
        if (chart.model.isEmpty) continue;
        chart.figure.querySelector(".print-figure")?.remove();
        const isWide = chart.model.isWide || chart.figure.parentNode.classList.contains("single");
        const svg = svgFigure(chart, chartThemes.light, isWide ? widePaperSize : paperSize);
        svg.setAttribute("class", "print-figure");
        svg.setAttribute("aria-hidden", "true");
        chart.figure.append(svg);
    }
}

function cleanAfterPrint() {
    for (const node of document.querySelectorAll(".print-figure")) node.remove();
}

/** For tests and for those who script the page. */
function publish(ready) {
    window.regattaReport = {
        ready,
        format: formatWithUnit,
        drawAll: () => charts.forEach((chart) => chart.draw()),
        charts: charts.map((chart) => ({
            id: chart.id,
            kind: chart.spec.kind,
            group: chart.group.name,
            get drawn() { return chart.isDrawn; },
            get empty() { return chart.model.isEmpty; },
            get x() { return chart.group.range && [chart.group.range.min, chart.group.range.max]; },
            get cursor() { return chart.cursorX; },
            zoom: (min, max) => chart.group.zoom(min, max),
            reset: () => chart.group.reset(),
        })),
    };
}

function start() {
    startTheme();
    addHeadline(reportDocument);
    addSections(reportDocument.sections);
    addScenarios(reportDocument);
    themeListeners.push(() => charts.forEach((chart) => chart.refresh()));
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape") groups.forEach((group) => group.reset());
    });
    window.addEventListener("beforeprint", preparePrint);
    window.addEventListener("afterprint", cleanAfterPrint);
    publish(drawWhenNear());
}

start();
