"use strict";

/** Charts that share an x axis: they zoom together and their cursors move together. A chart without a group is alone in
    one. */
class ChartGroup {
    constructor(name) {
        this.name = name;
        this.charts = [];
        this.scale = "linear";
        this.full = null;
        this.range = null;
    }

    add(chart) {
        this.charts.push(chart);
        this.scale = chart.model.xAxis.scale;
        if (chart.model.isEmpty) {
            this.full ??= null;
        } else {
            const extent = chart.model.xExtent();
            this.full = this.full === null ? extent : {min: Math.min(this.full.min, extent.min),
                                                       max: Math.max(this.full.max, extent.max)};
        }
        this.range = this.full;
    }

    get isZoomed() {
        return this.range !== this.full;
    }

    zoom(min, max) {
        if (this.full === null || !(max > min)) return;
        const from = Math.max(min, this.full.min);
        const to = Math.min(max, this.full.max);
        // Closer than this, positions run out of digits.
        if (to - from < 1e-9 * (this.full.max - this.full.min)) return;
        const isAll = from <= this.full.min && to >= this.full.max;
        this.range = isAll ? this.full : {min: from, max: to};
        for (const chart of this.charts) chart.rangeChanged();
    }

    reset() {
        if (this.full !== null) this.zoom(this.full.min, this.full.max);
    }

    /** `factor` below 1 goes closer; the value `around` keeps its place. */
    zoomBy(factor, around) {
        const place = fractionAt(this.scale, this.range, around);
        const position = (fraction) => valueAt(this.scale, this.range, place + (fraction - place) * factor);
        this.zoom(position(0), position(1));
    }

    /** Moves the range by a part of its width, as far as there are data. */
    pan(part) {
        const [from, to] = [this.range.min, this.range.max].map((value) => fractionAt(this.scale, this.full, value));
        const size = to - from;
        const kept = Math.max(0, Math.min(1 - size, from + part * size));
        this.zoom(valueAt(this.scale, this.full, kept), valueAt(this.scale, this.full, kept + size));
    }

    /** All cursors go to `x`, or away when it is null; `y` is meant for the chart `from` only. */
    moveCursor(x, from, y = null) {
        for (const chart of this.charts) chart.showCursor(x, chart === from ? y : null, chart === from);
    }
}
