"use strict";

// From the numbers of a series to runs and boxes for a painter. Only what the frame shows, and one point beyond on
// either side, is looked at.

/** The last index whose x is at most `value`, or -1. */
function lastAtMost(xs, value) {
    let low = 0;
    let high = xs.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (xs[middle] <= value) low = middle + 1;
        else high = middle;
    }
    return low - 1;
}

function visibleIndexes(xs, min, max) {
    return [Math.max(0, lastAtMost(xs, min) - 1), Math.min(xs.length - 1, lastAtMost(xs, max) + 1)];
}

/** Where a value that an axis cannot show (zero or less on a logarithmic one) counts as absent. */
function isDrawable(axis, value) {
    return value !== null && value !== undefined && Number.isFinite(value) && (axis.scale !== "log" || value > 0);
}

/** A copy of a series without points that its x axis cannot show; y values that cannot be shown become null. */
function drawableSeries(series, xAxis, yAxis) {
    const xs = [];
    const ys = [];
    series.x.forEach((x, i) => {
        if (!isDrawable(xAxis, x)) return;
        xs.push(x);
        ys.push(isDrawable(yAxis, series.y[i]) ? series.y[i] : null);
    });
    return {...series, style: series.style ?? "line", dash: series.dash ?? 0, x: xs, y: ys};
}

/** Unbroken runs of a series, and the points that stand alone between gaps. With `holds`, y[i] holds from x[i] to
    x[i+1]. */
function seriesRuns(series, frame, holds) {
    const runs = [];
    const alone = [];
    let run = [];
    const finish = () => {
        if (run.length > 2) runs.push(run);
        else alone.push(...run);
        run = [];
    };
    const [first, last] = visibleIndexes(series.x, frame.xMin, frame.xMax);
    for (let i = first; i <= last; ++i) {
        const x = frame.x(series.x[i]);
        if (holds && run.length) run.push(x, run[run.length - 1]);
        if (series.y[i] === null) finish();
        else run.push(x, frame.y(series.y[i]));
    }
    finish();
    return {runs, alone};
}

/** x, y, width, height of each bar. */
function barBoxes(series, frame) {
    const boxes = [];
    const [first, last] = visibleIndexes(series.x, frame.xMin, frame.xMax);
    const base = frame.yMin > 0 ? frame.bottom : frame.y(0);
    for (let i = first; i <= last && i + 1 < series.x.length; ++i) {
        if (series.y[i] === null || series.y[i] === 0) continue;
        const left = frame.x(series.x[i]);
        const width = frame.x(series.x[i + 1]) - left;
        const top = frame.y(series.y[i]);
        // A hairline between neighbours, as long as the bars are wide enough to have one.
        boxes.push(left, Math.min(top, base), width > 4 ? width - 1 : width, Math.abs(base - top));
    }
    return boxes;
}

/** The outline of all bars as one run: bars of several runs lie on each other. */
function barOutline(series, frame) {
    const [first, last] = visibleIndexes(series.x, frame.xMin, frame.xMax);
    const base = frame.yMin > 0 ? frame.bottom : frame.y(0);
    const outline = [];
    for (let i = first; i <= last; ++i) {
        const x = frame.x(series.x[i]);
        const isBar = i + 1 < series.x.length && series.y[i] !== null && series.y[i] !== 0;
        outline.push(x, outline.length ? outline[outline.length - 1] : base, x, isBar ? frame.y(series.y[i]) : base);
    }
    return outline;
}

/** The area between each run and the base line. */
function closedRuns(runs, base) {
    return runs.map((run) => [...run, run[run.length - 2], base, run[0], base]);
}

function paintSeries(painter, series, frame, color) {
    const dash = dashPatterns[series.dash % dashPatterns.length];
    if (series.style === "bars") {
        if (series.dash === 0) painter.rects(barBoxes(series, frame), {fill: color, opacity: 0.75});
        else painter.path([barOutline(series, frame)], {stroke: color, dash, width: 1.5});
        return;
    }
    const {runs, alone} = seriesRuns(series, frame, series.style === "step");
    // Areas of several runs would hide each other: only the first is filled.
    if (series.style === "area" && series.dash === 0) {
        const base = frame.yMin > 0 ? frame.bottom : frame.y(0);
        painter.path(closedRuns(runs, base), {fill: color, opacity: 0.22});
    }
    painter.path(runs, {stroke: color, dash, width: 1.5});
    painter.circles(alone, 2.5, color);
}

/** Index of the point that a reader at `x` means, or -1. */
function indexAt(series, x) {
    const xs = series.x;
    if (xs.length === 0) return -1;
    const before = lastAtMost(xs, x);
    if (series.style === "bars") return before >= 0 && before + 1 < xs.length ? before : -1;
    if (series.style === "step") return before >= 0 && x <= xs[xs.length - 1] ? before : -1;
    if (before < 0 || before + 1 >= xs.length) {
        // Beside the data: the outermost point counts up to half a step away.
        const end = before < 0 ? 0 : xs.length - 1;
        const step = xs.length > 1 ? Math.abs(xs[end] - xs[end === 0 ? 1 : end - 1]) : Infinity;
        return Math.abs(x - xs[end]) <= step / 2 ? end : -1;
    }
    return x - xs[before] <= xs[before + 1] - x ? before : before + 1;
}
