"use strict";

/** Rows over x, told by colour. The first row is at the top: row k lies at y = rows - 0.5 - k. */
class HeatModel {
    constructor(spec) {
        this.xAxis = spec.x;
        this.rows = spec.rows;
        this.columns = spec.columns;
        this.values = spec.values;
        this.yAxis = {label: spec.y.label, unit: "", scale: "linear", min: 0, max: Math.max(1, this.rows.length)};
        this.value = spec.value;
        const largest = this.values.reduce((most, row) => row.reduce((m, value) => Math.max(m, value ?? 0), most), 0);
        this.most = spec.value.max ?? largest;
        if (!(this.most > 0)) this.most = 1;
        this.isEmpty = this.rows.length === 0 || this.columns.length < 2 ||
            !this.values.some((row) => row.some((value) => value !== null));
        this.legend = [];
        this.markKinds = [];
        this.lines = [];
        this.isWide = this.rows.length > 30;
        this.height = this.isWide ? 420 : 210;  // as its neighbour's
        this.kindName = "heat map";
        this.hasGrid = {x: false, y: false};
        this.hasRows = true;  // the cursor is in one of them
    }

    xExtent() {
        const edges = this.columns;
        return drawableRange(this.xAxis.scale, this.xAxis.min ?? edges[0], this.xAxis.max ?? edges[edges.length - 1]);
    }

    yRange() {
        return {min: 0, max: this.yAxis.max};
    }

    xTicks(min, max, pixels) {
        return axisTicks(this.xAxis, min, max, mostTicks("x", pixels));
    }

    yTicks(min, max, pixels) {
        const ticks = [];
        const every = niceRowStep((this.rows.length * 15) / pixels);
        for (let k = 0; k < this.rows.length; k += every) {
            ticks.push({value: this.rows.length - 0.5 - k, text: this.rows[k]});
        }
        return ticks;
    }

    paint(painter, frame, theme) {
        const canvas = this.#picture(frame, theme);
        painter.image(canvas, {left: frame.left, top: frame.top, width: frame.width, height: frame.height});
    }

    /** Two pixels of the picture for each of the frame's, each of one cell's colour: no edge is smeared. */
    #picture(frame, theme) {
        const width = Math.max(1, Math.round(frame.width * 2));
        const height = Math.max(1, Math.round(frame.height * 2));
        const canvas = element("canvas", {width, height});
        const context = canvas.getContext("2d");
        const image = context.createImageData(width, height);
        const pixels = new Uint32Array(image.data.buffer);
        const colors = heatColors(theme);
        const xRange = {min: frame.xMin, max: frame.xMax};
        const columnOf = new Int32Array(width);
        for (let i = 0; i < width; ++i) {
            columnOf[i] = this.#columnAt(valueAt(this.xAxis.scale, xRange, (i + 0.5) / width));
        }
        for (let j = 0; j < height; ++j) {
            const row = this.values[Math.floor(((j + 0.5) / height) * this.rows.length)];
            for (let i = 0; i < width; ++i) {
                const value = columnOf[i] < 0 ? null : row[columnOf[i]];
                if (value === null || value === undefined) continue;
                const share = Math.max(0, Math.min(1, value / this.most));
                pixels[j * width + i] = colors[Math.round(share * (colors.length - 1))];
            }
        }
        context.putImageData(image, 0, 0);
        return canvas;
    }

    #columnAt(x) {
        const index = lastAtMost(this.columns, x);
        return index < this.columns.length - 1 ? index : -1;
    }

    readout(x, y) {
        const column = this.#columnAt(x);
        const at = formatWithUnit(x, this.xAxis.unit);
        const row = y === null || y === undefined ? -1 : Math.floor(this.rows.length - y);
        if (row < 0 || row >= this.rows.length) return {at, values: [], points: []};
        const value = column < 0 ? null : this.values[row][column];
        return {at: `${at}, ${this.rows[row]}: ${formatWithUnit(value, this.value.unit)}`, values: [], points: []};
    }

    marksAt() {
        return [];
    }

    table() {
        const count = Math.max(0, this.columns.length - 1);
        return {
            columns: [{label: this.yAxis.label || "row", unit: "text"}, {label: "from", unit: this.xAxis.unit},
                      {label: this.value.label, unit: this.value.unit}],
            count: count * this.rows.length,
            row: (i) => [this.rows[Math.floor(i / count)], this.columns[i % count],
                         this.values[Math.floor(i / count)][i % count]],
        };
    }

    describe() {
        const rows = `${this.rows.length} ${this.yAxis.label}`;
        return `${this.value.label} of ${rows} over ${this.xAxis.label}, told by colour`;
    }
}

/** Every how many rows a label has room. */
function niceRowStep(least) {
    for (const step of [1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 200, 500]) if (step >= least) return step;
    return Math.ceil(least);
}

/** 256 colours of a theme's scale as pixels of an ImageData (bytes R, G, B, A in memory). */
function heatColors(theme) {
    const canvas = element("canvas", {width: 256, height: 1});
    const context = canvas.getContext("2d", {willReadFrequently: true});
    const gradient = context.createLinearGradient(0, 0, 256, 0);
    theme.heat.forEach((color, index) => gradient.addColorStop(index / (theme.heat.length - 1), color));
    context.fillStyle = gradient;
    context.fillRect(0, 0, 256, 1);
    return new Uint32Array(context.getImageData(0, 0, 256, 1).data.buffer);
}

function makeModel(spec) {
    if (spec.kind === "stacked") return new StackedModel(spec);
    if (spec.kind === "heat") return new HeatModel(spec);
    return new LinesModel(spec);
}
