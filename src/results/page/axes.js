"use strict";

/** A frame is the box that data are drawn in, with the functions x() and y() from values to positions. */
function makeFrame(box, xAxis, xRange, yAxis, yRange) {
    return {
        ...box,
        right: box.left + box.width,
        bottom: box.top + box.height,
        xMin: xRange.min,
        xMax: xRange.max,
        yMin: yRange.min,
        yMax: yRange.max,
        x: positionOf(xAxis.scale, xRange, box.left, box.left + box.width),
        y: positionOf(yAxis.scale, yRange, box.top + box.height, box.top),
    };
}

function positionOf(scale, {min, max}, from, to) {
    if (scale === "log") {
        const low = Math.log(min);
        const factor = (to - from) / (Math.log(max) - low);
        return (value) => from + (Math.log(value) - low) * factor;
    }
    const factor = (to - from) / (max - min);
    return (value) => from + (value - min) * factor;
}

/** The value at `fraction` (0 to 1) of a range. */
function valueAt(scale, {min, max}, fraction) {
    if (scale === "log") return min * (max / min) ** fraction;
    return min + (max - min) * fraction;
}

function fractionAt(scale, {min, max}, value) {
    if (scale === "log") return Math.log(value / min) / Math.log(max / min);
    return (value - min) / (max - min);
}

/** A range that can be drawn: not empty, and above zero where it is logarithmic. */
function drawableRange(scale, min, max) {
    const isLog = scale === "log";
    const isKnown = Number.isFinite(min) && Number.isFinite(max);
    if (!isKnown || (isLog && max <= 0)) return isLog ? {min: 1, max: 10} : {min: 0, max: 1};
    if (isLog && min <= 0) min = max / 1000;
    if (max > min) return {min, max};
    if (isLog) return {min: min / 2, max: min * 2};
    const margin = min === 0 ? 1 : Math.abs(min) * 0.5;
    return {min: min - margin, max: min + margin};
}

/** The range of a y axis around data from `low` to `high`; what the document fixes stays. */
function rangeAround(axis, low, high) {
    const isLog = axis.scale === "log";
    if (isLog) {
        low /= 1.3;
        high *= 1.3;
    } else if (Number.isFinite(low)) {
        const margin = 0.06 * (Math.max(high, 0) - Math.min(low, 0));
        low = low >= 0 ? 0 : low - margin;
        high = high <= 0 ? (high === low ? 1 : 0) : high + margin;
    }
    return drawableRange(axis.scale, axis.min ?? low, axis.max ?? high);
}

const pixelsPerTick = {x: 80, y: 38};

function mostTicks(direction, pixels) {
    return Math.max(2, Math.floor(pixels / pixelsPerTick[direction]));
}
