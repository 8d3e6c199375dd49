"use strict";

// Arrow keys move a chart's cursor, + and - zoom around it, 0 goes back; Escape does so for all charts. On a touch
// screen a finger moves the cursor sideways and two fingers zoom.

const cursorSteps = 100;

function moveCursorBy(chart, steps) {
    placeCursor(chart, chart.model.hasSteps ? nextCategory(chart, Math.sign(steps)) : nextPosition(chart, steps));
}

function nextCategory({cursorX, group}, step) {
    const [first, last] = [Math.ceil(group.range.min), Math.floor(group.range.max)];
    if (cursorX === null) return step > 0 ? first : last;
    return Math.max(first, Math.min(last, Math.round(cursorX) + step));
}

function nextPosition({cursorX, group, model}, steps) {
    const {scale} = model.xAxis;
    if (cursorX === null) return steps > 0 ? group.range.min : group.range.max;
    const next = fractionAt(scale, group.range, cursorX) + steps / cursorSteps;
    if (next >= 0 && next <= 1) return valueAt(scale, group.range, next);
    // Over the edge: the range comes along as far as it can.
    group.pan(next > 1 ? 0.5 : -0.5);
    return Math.max(group.range.min, Math.min(group.range.max, cursorX));
}

function placeCursor(chart, x, row = chart.cursorRow) {
    const {model} = chart;
    const y = model.hasRows ? row ?? model.rows.length - 0.5 : null;
    chart.group.moveCursor(x, chart, y);
    const {at, values} = model.readout(x, y);
    const shown = model.legend.map(({label}, index) => `${label} ${values[index]}`)
        .filter((_, index) => chart.isShown[index]);
    announce([at, ...shown, ...model.marksAt(x, 0)].join("; "));
}

/** The row above or below the cursor, of a heat map. */
function moveRow(chart, rows) {
    if (!chart.model.hasRows) return false;
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
