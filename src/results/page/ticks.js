"use strict";

// Where an axis has its ticks and what they say. A tick is {value, text}; one without text is a short grid line.

const timeSteps = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
const dayOfSeconds = 86400;
const countedUnits = ["requests", "replicas", "sequences", "nodes", "events", "steps", "blocks"];  // no half ones

function niceStep(least) {
    const power = 10 ** Math.floor(Math.log10(least));
    for (const factor of [1, 2, 5, 10]) if (factor * power >= least * 0.999999) return factor * power;
    return 10 * power;
}

function niceTimeStep(least) {
    if (least <= 30) return niceStep(least) > 30 ? 60 : niceStep(least) === 20 && least > 15 ? 30 : niceStep(least);
    for (const step of timeSteps) if (step >= least * 0.999999) return step;
    return niceStep(least / dayOfSeconds) * dayOfSeconds;
}

function decimalsOf(step) {
    return Math.max(0, Math.min(12, Math.ceil(-Math.log10(step) - 1e-9)));
}

/** The short names: kJ for kJ/request, kg for kg CO₂. What it is of, the axis says. */
function tickUnits(unit) {
    return prefixedUnits[unit].map(([size, name]) => [size, name.split(/[ /]/)[0]]);
}

/** One unit for all ticks of an axis: [size, name]. */
function tickScale(largest, step, unit) {
    if (unit === "s" && step >= 3600) return [3600, "h"];
    if (unit === "s" && step >= 60) return [60, "min"];
    if (unit === "fraction") return [0.01, "%"];
    if (unit in prefixedUnits) return fittingScale(largest, tickUnits(unit));
    return largest < 9999.5 ? [1, ""] : fittingScale(largest, largeNumbers);
}

function tickText(value, [size, name], step) {
    if (value === 0) return "0";
    const number = withSeparators((value / size).toFixed(decimalsOf(step / size)));
    return name ? `${number} ${name}` : number;
}

function linearTicks(min, max, unit, most) {
    const least = (max - min) / Math.max(1, most);
    if (!(least > 0)) return [{value: min, text: formatValue(min, unit)}];
    const fine = unit === "s" ? niceTimeStep(least) : niceStep(least);
    const step = countedUnits.includes(unit) ? Math.max(1, fine) : fine;
    const scale = tickScale(Math.max(Math.abs(min), Math.abs(max)), step, unit);
    const ticks = [];
    for (let k = Math.ceil(min / step - 1e-6); k * step <= max + 1e-6 * step; ++k) {
        // The product of whole number and step, not a running sum: 0.30000000000000004 is no tick.
        const value = Number((k * step).toPrecision(12));
        ticks.push({value, text: tickText(value, scale, step)});
    }
    return ticks;
}

/** A tick of a logarithmic axis has its own unit: 1 ms, 10 ms, 1 s. */
function logTickText(value, unit) {
    if (unit === "fraction") return `${Number((100 * value).toPrecision(3))} %`;
    if (unit === "s" && value >= 600) return formatSeconds(value);
    const scales = unit in prefixedUnits ? tickUnits(unit) : (value < 1 ? [[1, ""]] : largeNumbers);
    const [size, name] = fittingScale(value, scales);
    return `${Number((value / size).toPrecision(3))}${name ? ` ${name}` : ""}`;
}

function logTicks(min, max, unit, most) {
    const decades = Math.log10(max / min);
    if (!(decades > 0)) return [{value: min, text: formatValue(min, unit)}];
    if (decades < 0.7) return linearTicks(min, max, unit, most);
    const labelled = decades * 3 <= most ? [1, 2, 5] : [1];
    // The more decades, the fewer lines between them.
    const digits = decades > 6 ? [1] : decades > 3 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const everyDecade = Math.max(1, Math.ceil(decades / Math.max(1, most)));
    const ticks = [];
    for (let decade = Math.floor(Math.log10(min)); decade <= Math.ceil(Math.log10(max)); ++decade) {
        for (const digit of digits) {
            const value = Number(`${digit}e${decade}`);
            if (value < min * 0.999999 || value > max * 1.000001) continue;
            const hasText = labelled.includes(digit) && decade % everyDecade === 0;
            ticks.push({value, text: hasText ? logTickText(value, unit) : ""});
        }
    }
    return ticks;
}

function axisTicks(axis, min, max, most) {
    const ticksOf = axis.scale === "log" ? logTicks : linearTicks;
    return ticksOf(min, max, axis.unit ?? "", most);
}
