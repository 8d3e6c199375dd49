"use strict";

const widestBar = 110;

/** Shares of a whole by category: bars one beside the other, each stacked of the series. Category k lies at x = k. */
class StackedModel {
    constructor(spec) {
        this.xAxis = {label: spec.x.label, unit: "", scale: "linear", group: ""};
        this.yAxis = {scale: "linear", min: null, max: null, unit: "", ...spec.y};
        this.categories = spec.categories;
        this.series = spec.series;
        this.isEmpty = this.categories.length === 0 || !this.series.some((series) => series.y.some((y) => y));
        this.legend = this.series.map(({label, color}) => ({label, color, dash: 0, style: "bars"}));
        this.lines = spec.lines ?? [];
        this.markKinds = [];
        this.height = 210;
        this.isWide = false;
        this.kindName = "stacked bar chart";
        this.hasGrid = {x: false, y: true};
        this.hasRows = false;
        this.hasSteps = true;  // the cursor goes from category to category
    }

    xExtent() {
        return {min: -0.5, max: Math.max(0, this.categories.length - 1) + 0.5};
    }

    yRange(xRange, isShown) {
        let high = -Infinity;
        this.categories.forEach((_, k) => {
            if (k < xRange.min || k > xRange.max) return;
            let sum = 0;
            this.series.forEach(({y}, index) => {
                if (isShown[index]) sum += y[k] ?? 0;
            });
            high = Math.max(high, sum);
        });
        return rangeAround(this.yAxis, 0, high > 0 ? high : 1);
    }

    xTicks(min, max, pixels) {
        const ticks = [];
        const widthOf = (names) => Math.max(...names.map((name) => textWidth(name, 11))) + 8;
        const each = pixels / (max - min);
        // Names like "run: part" that do not fit lose what stands first; the cursor says them in full.
        const short = this.categories.map((name) => name.slice(name.lastIndexOf(": ") + 1).trim());
        const names = widthOf(this.categories) <= each ? this.categories : short;
        const every = Math.max(1, Math.ceil(widthOf(names) / each));
        for (let k = Math.max(0, Math.ceil(min)); k <= max && k < names.length; ++k) {
            ticks.push({value: k, text: k % every === 0 ? names[k] : ""});
        }
        return ticks;
    }

    yTicks(min, max, pixels) {
        return axisTicks(this.yAxis, min, max, mostTicks("y", pixels));
    }

    paint(painter, frame, theme, isShown) {
        const sums = this.categories.map(() => 0);
        const categoryWidth = frame.width / (frame.xMax - frame.xMin);
        const half = Math.min(0.39, widestBar / 2 / categoryWidth);
        this.series.forEach((series, index) => {
            if (!isShown[index]) return;
            const boxes = [];
            series.y.forEach((y, k) => {
                if (!y || k + half < frame.xMin || k - half > frame.xMax) return;
                const bottom = frame.y(sums[k]);
                sums[k] += y;
                const left = frame.x(k - half);
                // Half a pixel apart, so that neighbours of like lightness stay two.
                const height = Math.max(0.5, bottom - frame.y(sums[k]) - 0.5);
                boxes.push(left, bottom - height, frame.x(k + half) - left, height);
            });
            painter.rects(boxes, {fill: seriesColor(theme, series.color)});
        });
    }

    readout(x) {
        const k = Math.round(x);
        const isInside = k >= 0 && k < this.categories.length;
        return {
            at: isInside ? this.categories[k] : "",
            values: this.series.map(({y}) => (isInside ? formatValue(y[k], this.yAxis.unit) : noValue)),
            points: [],
        };
    }

    marksAt() {
        return [];
    }

    table() {
        return {
            columns: [{label: this.xAxis.label, unit: "text"},
                      ...this.series.map(({label}) => ({label, unit: this.yAxis.unit}))],
            count: this.categories.length,
            row: (k) => [this.categories[k], ...this.series.map(({y}) => y[k])],
        };
    }

    describe() {
        const names = this.series.map(({label}) => label).join(", ");
        return `${this.yAxis.label || "shares"} by ${this.xAxis.label}: ${names}`;
    }
}
