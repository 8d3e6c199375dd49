"use strict";

// How numbers read: three or four digits and a unit that fits, as the programs print them.

const noValue = "–";

// Units that are shown with a prefix, smallest first.
const prefixedUnits = {
    "s": [[1e-9, "ns"], [1e-6, "µs"], [1e-3, "ms"], [1, "s"]],
    "bytes": [[1, "B"], [1e3, "kB"], [1e6, "MB"], [1e9, "GB"], [1e12, "TB"], [1e15, "PB"]],
    "J": [[1e-3, "mJ"], [1, "J"], [1e3, "kJ"], [1e6, "MJ"], [1e9, "GJ"], [1e12, "TJ"]],
    "J/request": [[1e-3, "mJ/request"], [1, "J/request"], [1e3, "kJ/request"], [1e6, "MJ/request"]],
    "W": [[1e-3, "mW"], [1, "W"], [1e3, "kW"], [1e6, "MW"], [1e9, "GW"]],
    "gCO2": [[1e-3, "mg CO₂"], [1, "g CO₂"], [1e3, "kg CO₂"], [1e6, "t CO₂"], [1e9, "kt CO₂"]],
};
const largeNumbers = [[1, ""], [1e3, "k"], [1e6, "M"], [1e9, "G"], [1e12, "T"]];
const manySeconds = 99.95;  // from here on as minutes and seconds
const secondsWithHours = 7200;

function threeDigits(number) {
    const size = Math.abs(number);
    if (size < 9.995) return number.toFixed(2);
    if (size < 99.95) return number.toFixed(1);
    return number.toFixed(0);
}

function withSeparators(digits) {
    const [whole, ...decimals] = digits.split(".");
    return [whole.replace(/\B(?=(\d{3})+(?!\d))/g, ","), ...decimals].join(".");
}

/** The largest of `scales` in which `size` is at least 1, as far as three digits show it. */
function fittingScale(size, scales) {
    let fitting = scales[0];
    for (const scale of scales) if (size >= 0.9994999 * scale[0]) fitting = scale;
    return fitting;
}

function formatPrefixed(value, scales) {
    const [size, name] = fittingScale(Math.abs(value), scales);
    const number = value / size;
    return `${Number.isInteger(value) && size === 1 ? number : threeDigits(number)} ${name}`;
}

function formatSeconds(seconds) {
    if (Math.abs(seconds) < manySeconds) {
        const isWholeNs = Math.abs(seconds) < 999.5e-9;
        return isWholeNs ? `${(seconds * 1e9).toFixed(0)} ns` : formatPrefixed(seconds, prefixedUnits.s);
    }
    const sign = seconds < 0 ? "-" : "";
    const whole = Math.round(Math.abs(seconds));
    const twoDigits = (number) => String(number).padStart(2, "0");
    if (whole >= secondsWithHours) {
        const hours = withSeparators(String(Math.floor(whole / 3600)));
        return `${sign}${hours} h ${twoDigits(Math.floor((whole % 3600) / 60))} min`;
    }
    return `${sign}${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
}

function formatFraction(fraction) {
    // Anything less than all is never shown as 100 %, and a little never as nothing.
    if (fraction < 1 && fraction >= 0.9995) return "99.9 %";
    const percent = 100 * fraction;
    if (percent !== 0 && Math.abs(percent) < 0.095) return `${Number(percent.toPrecision(2))} %`;
    return `${percent.toFixed(1)} %`;
}

function formatNumber(value) {
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 9999.5) return withSeparators(String(value));
    if (size < 999.5) return size !== 0 && size < 0.00995 ? String(Number(value.toPrecision(3))) : threeDigits(value);
    if (size < 9999.5) return withSeparators(value.toFixed(0));
    const [scale, name] = fittingScale(size, largeNumbers);
    return `${threeDigits(value / scale)} ${name}`;
}

function formatZero(unit) {
    if (unit === "fraction") return "0 %";
    const base = (prefixedUnits[unit] ?? []).find(([size]) => size === 1);
    return base ? `0 ${base[1]}` : "0";
}

/** A value for people. Units that take a prefix (seconds, bytes, joules) and percent are part of the text, others are
    what unitWord() says. */
function formatValue(value, unit) {
    if (value === null || value === undefined) return noValue;
    if (unit === "text" || typeof value !== "number") return String(value);
    if (!Number.isFinite(value)) return noValue;
    if (value === 0) return formatZero(unit);
    if (unit === "s") return formatSeconds(value);
    if (unit === "fraction") return formatFraction(value);
    if (unit in prefixedUnits) return formatPrefixed(value, prefixedUnits[unit]);
    return formatNumber(value);
}

/** The word that goes with formatValue()'s number, or "". */
function unitWord(unit) {
    const isInValue = unit in prefixedUnits || unit === "fraction" || unit === "text" || !unit;
    return isInValue ? "" : unit;
}

function formatWithUnit(value, unit) {
    const word = value === null || value === undefined ? "" : unitWord(unit);
    return word ? `${formatValue(value, unit)} ${word}` : formatValue(value, unit);
}

/** "+3.2 %" from `first` to `value`; "" when there is nothing to compare. */
function formatChange(first, value) {
    if (typeof first !== "number" || typeof value !== "number") return "";
    if (first === value) return "same";
    if (first === 0) return "was 0";
    const percent = (100 * (value - first)) / Math.abs(first);
    const size = Math.abs(percent);
    if (size >= 999.5) return `× ${threeDigits(value / first)}`;
    const digits = size < 0.095 ? Number(size.toPrecision(1)) : size < 99.95 ? size.toFixed(1) : size.toFixed(0);
    return `${percent < 0 ? "−" : "+"}${digits} %`;
}

/** What stands beside an axis: its label, and its unit where the ticks do not show it. */
function axisTitle(axis) {
    const word = unitWord(axis.unit ?? "");
    const label = axis.label ?? "";
    if (axis.unit?.endsWith("/request") && axis.unit in prefixedUnits && !label.includes("request")) {
        return `${label} per request`.trim();
    }
    return word && !label.includes(word) ? (label ? `${label} (${word})` : word) : label;
}
