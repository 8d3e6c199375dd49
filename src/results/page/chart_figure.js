"use strict";

/** The parts of the page that belong to one chart: caption, buttons, plot, legend, data. */
function chartFigure(spec, model, actions) {
    const titleId = `title-${spec.id}`;
    const button = (name, label, onclick) => element("button", {
        type: "button", class: `tool tool-${name.toLowerCase()}`, "aria-label": label, title: label, onclick,
    }, name);
    const reset = button("Reset", `Reset the zoom of ${spec.title}`, actions.reset);
    reset.hidden = true;
    const tools = element("div", {class: "tools"});
    if (!model.isEmpty) {
        tools.append(reset, button("PNG", `Save ${spec.title} as PNG`, actions.savePng),
                     button("SVG", `Save ${spec.title} as SVG`, actions.saveSvg));
    }
    const caption = element("figcaption", {},
                            element("div", {class: "caption-row"}, element("h3", {id: titleId}, spec.title), tools),
                            spec.note ? element("p", {class: "note"}, spec.note) : null);
    const figure = element("figure", {
        id: `chart-${spec.id}`, class: model.isWide ? "chart wide" : "chart", "aria-labelledby": titleId,
    }, caption);
    if (model.isEmpty) {
        figure.append(element("p", {class: "empty"}, "No data."));
        return {figure, reset, plot: null};
    }
    const plot = element("div", {
        class: "plot no-cursor no-row", tabindex: "0", role: "group", "aria-roledescription": model.kindName,
        "aria-label": `${spec.title}. ${model.describe()}. Arrow keys move the cursor, plus and minus zoom, 0 resets.`,
        style: `height: ${plotHeight(model)}px`,
    });
    const axisName = element("p", {class: "axis-name", "aria-hidden": "true"}, axisTitle(model.yAxis));
    const at = element("span", {class: "cursor-at"});
    const xName = element("p", {class: "axis-name axis-name-x", "aria-hidden": "true"}, at,
                          element("span", {}, axisTitle(model.xAxis)));
    figure.append(axisName, plot, xName);
    return {figure, reset, plot, at};
}

const tickRowHeight = 22;
const plotTopMargin = 8;
const plotRightMargin = 20;  // half of the last tick's text

function plotHeight(model) {
    return model.height + tickRowHeight + plotTopMargin;
}

/** How wide the ticks of a y axis are, with the gap to the frame. */
function yAxisWidth(ticks) {
    return Math.ceil(Math.max(18, ...ticks.map(({text}) => textWidth(text, 11)))) + 10;
}

/** uPlot does the axes, the selection and the cursor's line; what is inside the frame we draw, so that a saved figure
    is drawn by the same code. */
function makePlot(chart, node) {
    const axis = (index) => ({
        font: fontOf(11),
        stroke: () => currentTheme().muted,
        border: {show: index === 0, stroke: () => currentTheme().axis, width: 1},
        ticks: {show: index === 0, stroke: () => currentTheme().axis, width: 1, size: 4},
        gap: index === 0 ? 4 : 6,
        splits: (u, _, min, max) => chart.ticks(index, min, max, plotPixels(u, index)).map(({value}) => value),
        values: (u) => {
            const {min, max} = u.scales[index === 0 ? "x" : "y"];
            return chart.ticks(index, min, max, plotPixels(u, index)).map(({text}) => text);
        },
    });
    const grid = (show) => ({show, stroke: () => currentTheme().grid, width: 1});
    const yTicks = () => chart.ticks(1, chart.yRange.min, chart.yRange.max, chart.model.height);
    const options = {
        width: Math.max(120, node.clientWidth),
        height: plotHeight(chart.model),
        padding: [plotTopMargin, plotRightMargin, 0, 0],
        legend: {show: false},
        scales: {
            x: scaleOptions(chart.model.xAxis, () => [chart.group.range.min, chart.group.range.max]),
            y: scaleOptions(chart.model.yAxis, () => [chart.yRange.min, chart.yRange.max]),
        },
        series: [{}, {scale: "y", show: true, paths: () => null, points: {show: false}}],
        axes: [{...axis(0), size: tickRowHeight, grid: grid(chart.model.hasGrid.x)},
               {...axis(1), size: () => yAxisWidth(yTicks()), grid: grid(chart.model.hasGrid.y)}],
        cursor: {
            x: true, y: chart.model.hasRows, points: {show: false},
            drag: {x: true, y: false, setScale: false, dist: 5},
            bind: {dblclick: () => () => chart.group.reset()},
        },
        hooks: {
            draw: [(u) => chart.paint(u)],
            setCursor: [(u) => chart.cursorMoved(u)],
            setSelect: [(u) => chart.selected(u)],
        },
    };
    // Scales come from the chart's own ranges: uPlot gets a pair of points that stands for the data.
    const {min, max} = chart.group.range;
    return new uPlot(options, [[min, max], [null, null]], node);
}

function plotPixels(u, index) {
    const ratio = devicePixelRatio || 1;
    const pixels = (index === 0 ? u.bbox?.width : u.bbox?.height) / ratio;
    return Number.isFinite(pixels) && pixels > 0 ? pixels : index === 0 ? u.width - 60 : u.height - tickRowHeight;
}

function scaleOptions(axis, range) {
    return axis.scale === "log" ? {time: false, distr: 3, range} : {time: false, range};
}
