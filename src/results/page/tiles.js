"use strict";

/** A run's colour and dashes, as in the charts. */
function runSwatch(runs, index) {
    return swatch({color: runs[index].color ?? index, dash: index});
}

/** What all runs have in common is said once; null when they differ. */
function commonOf(list) {
    const [first, ...others] = list ?? [];
    return others.every((other) => other === first) ? first : null;
}

/** "✓ target 500 ms met", or without the target where it stands below all runs. */
function targetLine(tile, index, hasTarget) {
    const target = tile.target?.[index] ?? null;
    const met = tile.met?.[index] ?? null;
    if (target === null && met === null) return null;
    const text = target === null || !hasTarget ? "" : targetText(tile, target);
    if (met === null) return text ? element("p", {class: "tile-target"}, text) : null;
    const [sign, word] = met ? ["✓", "met"] : ["✗", "missed"];
    return element(hasTarget ? "p" : "span", {class: `tile-target ${word}`},
                   element("span", {"aria-hidden": "true"}, `${sign} `), text ? `${text} ${word}` : word);
}

function targetText(tile, target) {
    return `target ${formatWithUnit(target, tile.kind)}`;
}

function tileNumber(value, unit) {
    const text = formatWithUnit(value, unit);
    // A number and its unit; what has more parts (12 min 05 s) stays whole.
    const parts = /^(\S+)( [^\d\s]\D*)$/.exec(text);
    return element("span", {class: "tile-number"}, parts ? parts[1] : text,
                   parts ? element("span", {class: "tile-unit"}, parts[2]) : null);
}

function tileRun(tile, index, runs) {
    const isOverlay = runs.length > 1;
    const change = index > 0 ? formatChange(tile.values[0], tile.values[index]) : "";
    const row = element("div", {class: "tile-run", "data-run": index});
    const value = element("p", {class: "tile-value"});
    if (isOverlay) value.append(runSwatch(runs, index), element("span", {class: "hidden"}, `${runs[index].name}: `));
    value.append(tileNumber(tile.values[index], tile.kind));
    if (change) value.append(element("span", {class: "tile-change"}, change));
    row.append(value);
    const isTargetCommon = isOverlay && commonOf(tile.target) !== null;
    const target = targetLine(tile, index, !isTargetCommon);
    const detail = isOverlay && commonOf(tile.detail) !== null ? "" : tile.detail?.[index];
    if (isTargetCommon && target) value.append(target);
    if (detail) row.append(element("p", {class: "tile-detail"}, detail));
    if (!isTargetCommon && target) row.append(target);
    return row;
}

function tileNode(tile, runs) {
    const node = element("li", {class: "tile", id: `tile-${tile.id}`}, element("h3", {}, tile.label),
                         ...runs.map((_, index) => tileRun(tile, index, runs)));
    if (runs.length === 1) return node;
    const [detail, target] = [commonOf(tile.detail), commonOf(tile.target)];
    if (detail) node.append(element("p", {class: "tile-detail"}, detail));
    if (target !== null && target !== undefined) {
        node.append(element("p", {class: "tile-detail"}, targetText(tile, target)));
    }
    return node;
}

function tileList(tiles, runs) {
    return element("ul", {class: runs.length > 1 ? "tiles overlay" : "tiles"},
                   ...tiles.map((tile) => tileNode(tile, runs)));
}

/** Which run is which: name, digest, and how its lines look. */
function runLegend(runs) {
    const list = element("ul", {class: "runs", "aria-label": "Runs"});
    runs.forEach((run, index) => {
        list.append(element("li", {}, runs.length > 1 ? runSwatch(runs, index) : null,
                            element("strong", {}, run.name),
                            element("code", {title: `Digest ${run.digest}`}, run.digest.slice(0, 12))));
    });
    return list;
}
