"use strict";

const markNames = {failure: "failure", scale: "scaling", maintenance: "maintenance", other: "event"};

/** A model knows what one chart shows, not where: axes, ranges, painting, legend, what stands at a position. This one
    is numbers over numbers. */
class LinesModel {
    constructor(spec) {
        this.xAxis = spec.x;
        this.yAxis = spec.y;
        this.series = spec.series.map((series) => drawableSeries(series, spec.x, spec.y));
        this.lines = spec.lines ?? [];
        this.marks = spec.marks ?? [];
        this.isEmpty = !this.series.some((series) => series.y.some((y) => y !== null));
        this.legend = this.series.map(({label, color, dash, style}) => ({label, color, dash, style}));
        this.markKinds = [...new Set(this.marks.map((mark) => mark.kind))];
        this.height = 210;
        this.isWide = false;
        this.kindName = "line chart";
        this.hasGrid = {x: true, y: true};
        this.hasRows = false;
    }

    xExtent() {
        let min = Infinity;
        let max = -Infinity;
        for (const {x} of this.series) {
            if (x.length === 0) continue;
            min = Math.min(min, x[0]);
            max = Math.max(max, x[x.length - 1]);
        }
        return drawableRange(this.xAxis.scale, this.xAxis.min ?? min, this.xAxis.max ?? max);
    }

    yRange(xRange, isShown) {
        let low = Infinity;
        let high = -Infinity;
        this.series.forEach((series, index) => {
            if (!isShown[index]) return;
            // What holds from before the range counts, the point after it does not.
            const holds = series.style === "step" || series.style === "bars";
            const first = Math.max(0, lastAtMost(series.x, xRange.min) + (holds ? 0 : 1));
            const last = lastAtMost(series.x, xRange.max);
            for (let i = first; i <= last; ++i) {
                const y = series.y[i];
                if (y === null) continue;
                if (y < low) low = y;
                if (y > high) high = y;
            }
        });
        // A target is shown with the data unless it would press them flat.
        for (const {axis, value} of this.lines) {
            if (axis === "y" && value > high && value <= 2.5 * high) high = value;
            if (axis === "y" && value < low && value >= low / 2.5 && value > 0) low = value;
        }
        // A bar has a height on a logarithmic axis, too.
        if (this.series.some(({style}) => style === "bars")) low /= 2;
        return rangeAround(this.yAxis, low, high);
    }

    xTicks(min, max, pixels) {
        return axisTicks(this.xAxis, min, max, mostTicks("x", pixels));
    }

    yTicks(min, max, pixels) {
        return axisTicks(this.yAxis, min, max, mostTicks("y", pixels));
    }

    paint(painter, frame, theme, isShown) {
        this.#paintMarks(painter, frame, theme);
        this.series.forEach((series, index) => {
            if (isShown[index]) paintSeries(painter, series, frame, seriesColor(theme, series.color));
        });
        this.#paintLines(painter, frame, theme);
    }

    #paintMarks(painter, frame, theme) {
        for (const mark of this.marks) {
            const to = mark.to ?? mark.x;
            if (to < frame.xMin || mark.x > frame.xMax) continue;
            const color = theme.marks[mark.kind] ?? theme.marks.other;
            const left = frame.x(mark.x);
            if (to > mark.x) {
                // A span of less than a pixel is still seen.
                const width = Math.max(1, frame.x(to) - left);
                painter.rects([left, frame.top, width, frame.height], {fill: color, opacity: 0.13});
            }
            const dash = to > mark.x ? [] : [3, 3];
            painter.path([[left, frame.top, left, frame.bottom]], {stroke: color, width: 1, dash, opacity: 0.75});
        }
    }

    #paintLines(painter, frame, theme) {
        const label = {size: 10.5, color: theme.target, halo: theme.background};
        for (const {axis, value, label: name} of this.lines) {
            const text = /\d/.test(name) ? name : `${name} ${formatWithUnit(value, this[`${axis}Axis`].unit)}`;
            const style = {stroke: theme.target, width: 1, dash: [5, 3]};
            if (axis === "x") {
                const x = frame.x(value);
                if (x > frame.right) {
                    painter.text(frame.right - 4, frame.bottom - 6, `${text} →`, {...label, align: "right"});
                    continue;
                }
                if (x < frame.left) continue;
                painter.path([[x, frame.top, x, frame.bottom]], style);
                const isRight = x > frame.left + 0.7 * frame.width;
                // At the bottom: cumulative shares are at the top where a target usually lies.
                const align = isRight ? "right" : "left";
                painter.text(x + (isRight ? -4 : 4), frame.bottom - 6, text, {...label, align});
                continue;
            }
            const y = frame.y(value);
            if (y < frame.top) {
                painter.text(frame.right - 4, frame.top + 10, `↑ ${text}`, {...label, align: "right"});
                continue;
            }
            if (y > frame.bottom) continue;
            painter.path([[frame.left, y, frame.right, y]], style);
            painter.text(frame.right - 4, y - frame.top < 16 ? y + 12 : y - 4, text, {...label, align: "right"});
        }
    }

    /** What the legend shows for a cursor at `x`: its own text, one per series, and where to put the dots. */
    readout(x) {
        const points = this.series.map((series) => {
            const index = indexAt(series, x);
            if (index < 0 || series.y[index] === null) return null;
            const isPoint = series.style === "line" || series.style === "area";
            return {x: isPoint ? series.x[index] : x, y: series.y[index], index};
        });
        return {
            at: this.#atText(x, points),
            values: points.map((point) => (point ? formatValue(point.y, this.yAxis.unit) : noValue)),
            points: this.series.map((series, index) => (series.style === "bars" ? null : points[index])),
        };
    }

    #atText(x, points) {
        const unit = this.xAxis.unit;
        const bars = this.series.findIndex((series, index) => series.style === "bars" && points[index]);
        if (bars < 0) return formatWithUnit(x, unit);
        const {x: edges} = this.series[bars];
        const {index} = points[bars];
        return `${formatValue(edges[index], unit)} to ${formatWithUnit(edges[index + 1], unit)}`;
    }

    /** Labels of the marks within `slack` of x. */
    marksAt(x, slack) {
        return this.marks.filter((mark) => x >= mark.x - slack && x <= (mark.to ?? mark.x) + slack).map((mark) => {
            const from = formatValue(mark.x, this.xAxis.unit);
            const isSpan = (mark.to ?? mark.x) > mark.x;
            return `${mark.label}, ${isSpan ? `${from} to ${formatValue(mark.to, this.xAxis.unit)}` : `at ${from}`}`;
        });
    }

    table() {
        const name = {label: this.xAxis.label, unit: this.xAxis.unit};
        const [first] = this.series;
        const isCommon = this.series.every(({x}) => x.length === first.x.length && x.every((v, i) => v === first.x[i]));
        if (isCommon) {
            return {
                columns: [name, ...this.series.map(({label}) => ({label, unit: this.yAxis.unit}))],
                count: first ? first.x.length : 0,
                row: (i) => [first.x[i], ...this.series.map(({y}) => y[i])],
            };
        }
        const starts = [];
        let count = 0;
        for (const {x} of this.series) {
            starts.push(count);
            count += x.length;
        }
        const value = {label: this.yAxis.label || "value", unit: this.yAxis.unit};
        return {
            columns: [{label: "series", unit: "text"}, name, value],
            count,
            row: (i) => {
                const which = lastAtMost(starts, i);
                const {label, x, y} = this.series[which];
                return [label, x[i - starts[which]], y[i - starts[which]]];
            },
        };
    }

    describe() {
        const names = this.series.map(({label}) => label).join(", ");
        const marks = this.marks.length ? `; ${this.marks.length} events are marked` : "";
        return `${this.yAxis.label || "values"} over ${this.xAxis.label}: ${names}${marks}`;
    }
}
