"use strict";

// A chart as a figure of its own, with title, axes and legend: for SVG and PNG files and for paper. It shows what the
// page shows now (range, hidden series), whatever the size of the window.

const savedSize = {width: 760, hasTitle: true};
const paperSize = {width: 430, hasTitle: false};  // two in a row; the page's caption stands above
const widePaperSize = {width: 900, hasTitle: false};
const savedMargin = 16;

/** Where the parts of a saved figure go: its height, and all that paintFigure() needs. */
function savedLayout(chart, {width, hasTitle}) {
    const {model, group} = chart;
    const yRange = chart.yRange;
    const yTicks = model.yTicks(yRange.min, yRange.max, model.height);
    const top = hasTitle ? savedMargin + 40 : 24;
    const margin = hasTitle ? savedMargin : 0;
    const left = margin + yAxisWidth(yTicks);
    const box = {left, top, width: width - left - margin - 20, height: model.height};
    const frame = makeFrame(box, model.xAxis, group.range, model.yAxis, yRange);
    const xTicks = model.xTicks(frame.xMin, frame.xMax, box.width);
    const legend = savedLegend(chart, frame.bottom + 48, margin, width);
    return {frame, xTicks, yTicks, legend, width, margin, hasTitle, height: legend.bottom + margin};
}

/** Entries of the legend from left to right, in as many rows as they need. */
function savedLegend(chart, top, margin, figureWidth) {
    const entries = chart.model.legend.filter((_, index) => chart.isShown[index]);
    entries.push(...chart.model.markKinds.map((kind) => ({label: markNames[kind] ?? kind, mark: kind})));
    let x = margin;
    let y = top;
    const placed = entries.map((entry) => {
        const width = 30 + textWidth(entry.label, 11.5);
        if (x > margin && x + width > figureWidth - margin) {
            x = margin;
            y += 18;
        }
        const place = {...entry, x, y};
        x += width + 18;
        return place;
    });
    const isHeat = chart.model.hasRows;
    return {placed, top, left: margin, bottom: placed.length || isHeat ? y + 12 : top - 12};
}

function paintAxes(painter, {frame, xTicks, yTicks}, model, theme) {
    for (const {value, text} of yTicks) {
        const y = frame.y(value);
        if (model.hasGrid.y) {
            painter.path([[frame.left, y, frame.right, y]], {stroke: theme.grid, width: 1});
        }
        painter.text(frame.left - 7, y, text, {color: theme.muted, align: "right", baseline: "middle"});
    }
    for (const {value, text} of xTicks) {
        const x = frame.x(value);
        if (model.hasGrid.x) {
            painter.path([[x, frame.top, x, frame.bottom]], {stroke: theme.grid, width: 1});
        }
        if (text) painter.path([[x, frame.bottom, x, frame.bottom + 4]], {stroke: theme.axis, width: 1});
        painter.text(x, frame.bottom + 17, text, {color: theme.muted, align: "center"});
    }
}

function paintLegend(painter, chart, legend, theme) {
    for (const {label, color, dash, style, mark, x, y} of legend.placed) {
        if (mark) {
            const paint = theme.marks[mark] ?? theme.marks.other;
            painter.rects([x + 5, y - 5, 12, 10], {fill: paint, opacity: 0.2});
            painter.path([[x + 5, y - 5, x + 5, y + 5]], {stroke: paint, width: 1.5});
        } else if (style === "bars" && !dash) {
            painter.rects([x + 5, y - 5, 12, 10], {fill: seriesColor(theme, color)});
        } else {
            const dashes = dashPatterns[(dash ?? 0) % dashPatterns.length];
            painter.path([[x, y, x + 22, y]], {stroke: seriesColor(theme, color), width: 2.5, dash: dashes});
        }
        painter.text(x + 28, y, label, {size: 11.5, color: theme.text, baseline: "middle"});
    }
    if (chart.model.hasRows) paintHeatScale(painter, chart.model, legend, theme);
}

function paintHeatScale(painter, model, {left, top: y}, theme) {
    const style = {size: 11.5, color: theme.text, baseline: "middle"};
    const title = axisTitle(model.value);
    let x = left;
    painter.text(x, y, title, style);
    x += textWidth(title, 11.5) + 12;
    painter.text(x, y, "0", style);
    x += 14;
    const steps = 40;
    const colors = heatColors(theme);
    for (let k = 0; k < steps; ++k) {
        const pixel = colors[Math.round((k / (steps - 1)) * (colors.length - 1))];
        const fill = `rgb(${pixel & 255}, ${(pixel >> 8) & 255}, ${(pixel >> 16) & 255})`;
        painter.rects([x + k * 4, y - 5, 4.2, 10], {fill});
    }
    painter.text(x + steps * 4 + 7, y, formatValue(model.most, model.value.unit), style);
}

function paintFigure(painter, chart, layout, theme) {
    const {frame, height, width, margin, hasTitle} = layout;
    const {model, spec} = chart;
    painter.rects([0, 0, width, height], {fill: theme.background});
    if (hasTitle) painter.text(margin, margin + 10, spec.title, {size: 14, weight: 600, color: theme.text});
    painter.text(margin, frame.top - 11, axisTitle(model.yAxis), {color: theme.muted});
    paintAxes(painter, layout, model, theme);
    painter.clipped(frame, () => model.paint(painter, frame, theme, chart.isShown));
    painter.path([[frame.left, frame.bottom, frame.right, frame.bottom]], {stroke: theme.axis, width: 1});
    painter.text(frame.right, frame.bottom + 32, axisTitle(model.xAxis), {color: theme.muted, align: "right"});
    paintLegend(painter, chart, layout.legend, theme);
}

function svgFigure(chart, theme, size) {
    const layout = savedLayout(chart, size);
    const painter = new SvgPainter(size.width, layout.height, chart.id);
    painter.root.append(svgElement("title", {}, chart.spec.title), svgElement("desc", {}, chart.model.describe()));
    paintFigure(painter, chart, layout, theme);
    return painter.root;
}

function fileNameOf(chart, extension) {
    const title = reportDocument.title.replace(/[^A-Za-z0-9._-]+/g, "-");
    return `${title}-${chart.id}.${extension}`;
}

function saveSvg(chart) {
    const text = new XMLSerializer().serializeToString(svgFigure(chart, currentTheme(), savedSize));
    saveFile(fileNameOf(chart, "svg"), new Blob([text, "\n"], {type: "image/svg+xml"}));
}

function savePng(chart) {
    const sharpness = 2;
    const layout = savedLayout(chart, savedSize);
    const canvas = element("canvas", {width: layout.width * sharpness, height: Math.ceil(layout.height) * sharpness});
    const context = canvas.getContext("2d");
    context.scale(sharpness, sharpness);
    paintFigure(new CanvasPainter(context), chart, layout, currentTheme());
    // Not toBlob: Chromium encodes that in idle moments, and on a busy machine waits for one for seconds.
    const encoded = canvas.toDataURL("image/png").split(",")[1];
    const bytes = Uint8Array.from(atob(encoded), (byte) => byte.charCodeAt(0));
    saveFile(fileNameOf(chart, "png"), new Blob([bytes], {type: "image/png"}));
}
