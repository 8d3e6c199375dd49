"use strict";

// Arrow keys move a chart's cursor, + and - zoom around it, 0 or Escape go back. On a touch screen a finger moves the
// cursor sideways and two fingers zoom.

const cursorSteps = 100;

function moveCursorBy(chart, steps) {
    const {group, model} = chart;
    const {range} = group;
    const {scale} = model.xAxis;
    let x;
    if (model.hasSteps) {
        const start = chart.cursorX === null ? Math.ceil(range.min) - Math.sign(steps) : Math.round(chart.cursorX);
        x = Math.max(Math.ceil(range.min), Math.min(Math.floor(range.max), start + Math.sign(steps)));
    } else {
        const start = chart.cursorX === null ? (steps > 0 ? 0 : 1) : fractionAt(scale, range, chart.cursorX) + steps / cursorSteps;
        if (chart.cursorX !== null && (start > 1 || start < 0) && group.isZoomed) group.pan(start > 1 ? 0.5 : -0.5);
        const fraction = chart.cursorX === null && start > 0 && start < 1 ? 0.5 : Math.max(0, Math.min(1, start));
        x = valueAt(scale, group.range, fraction);
    }
    placeCursor(chart, x);
}

function placeCursor(chart, x, row = chart.cursorRow) {
    const {model} = chart;
    const y = model instanceof HeatModel ? row ?? model.rows.length - 0.5 : null;
    chart.group.moveCursor(x, chart, y);
    const {at, values} = model.readout(x, y);
    const parts = model.legend.map(({label}, index) => `${label} ${values[index]}`).filter((_, index) => chart.isShown[index]);
    const marks = model.marksAt(x, 0);
    announce([at, ...parts, ...marks].join("; "));
}

/** The row above or below the cursor, of a heat map. */
function moveRow(chart, rows) {
    if (!(chart.model instanceof HeatModel)) return false;
    const most = chart.model.rows.length - 0.5;
    const y = Math.max(0.5, Math.min(most, (chart.cursorRow ?? most) + rows));
    placeCursor(chart, chart.cursorX ?? valueAt(chart.model.xAxis.scale, chart.group.range, 0.5), y);
    return true;
}

function zoomAtCursor(chart, factor) {
    const {range} = chart.group;
    const around = chart.cursorX ?? valueAt(chart.model.xAxis.scale, range, 0.5);
    chart.group.zoomBy(factor, around);
    placeCursor(chart, Math.max(chart.group.range.min, Math.min(chart.group.range.max, around)));
}

function listenToKeys(chart, node) {
    const actions = {
        ArrowRight: (event) => moveCursorBy(chart, event.shiftKey ? 10 : 1),
        ArrowLeft: (event) => moveCursorBy(chart, event.shiftKey ? -10 : -1),
        ArrowUp: () => moveRow(chart, 1),
        ArrowDown: () => moveRow(chart, -1),
        Home: () => placeCursor(chart, chart.group.range.min),
        End: () => placeCursor(chart, chart.group.range.max),
        "+": () => zoomAtCursor(chart, 0.5),
        "=": () => zoomAtCursor(chart, 0.5),
        "-": () => zoomAtCursor(chart, 2),
        "0": () => chart.group.reset(),
        Escape: () => chart.group.reset(),
    };
    node.addEventListener("keydown", (event) => {
        const action = actions[event.key];
        if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
        chart.draw();
        if (action(event) !== false) event.preventDefault();
    });
    node.addEventListener("blur", () => {
        if (chart.plot !== null) chart.group.moveCursor(null, chart);
    });
}

function listenToFingers(chart, over) {
    let pinch = null;
    const valueOf = (touch) => chart.plot.posToVal(touch.clientX - over.getBoundingClientRect().left, "x");
    const begin = (event) => {
        pinch = null;
        if (event.touches.length !== 2) return;
        pinch = [...event.touches].map(valueOf).sort((a, b) => a - b);
        event.preventDefault();
    };
    const move = (event) => {
        if (event.touches.length === 1) {
            chart.group.moveCursor(valueOf(event.touches[0]), chart);
        } else if (pinch !== null) {
            // The values that the fingers were put on stay under them.
            event.preventDefault();
            const {scale} = chart.model.xAxis;
            const {range} = chart.group;
            const [from, to] = pinch.map((value) => fractionAt(scale, range, value));
            const [left, right] = [...event.touches].map(valueOf).sort((a, b) => a - b)
                .map((value) => fractionAt(scale, range, value));
            if (right - left < 0.02) return;
            const factor = (to - from) / (right - left);
            const start = from - left * factor;
            chart.group.zoom(valueAt(scale, range, start), valueAt(scale, range, start + factor));
        }
    };
    over.addEventListener("touchstart", begin, {passive: false});
    over.addEventListener("touchmove", move, {passive: false});
}
