"use strict";

/** A sample of how a series looks: a line with its dashes, or a box. */
function swatch({color, dash = 0, style = "line"}) {
    const paint = `var(--series-${(color ?? 0) % 8})`;
    const svg = svgElement("svg", {class: "swatch", width: 22, height: 10, "aria-hidden": "true"});
    if (style === "bars" && dash === 0) {
        svg.append(svgElement("rect", {x: 5, width: 12, height: 10, rx: 1, style: `fill: ${paint}`}));
        return svg;
    }
    const dashes = dashPatterns[dash % dashPatterns.length].join(" ");
    if (style === "area" && dash === 0) {
        svg.append(svgElement("rect", {y: 5, width: 22, height: 5, style: `fill: ${paint}; opacity: .25`}));
    }
    svg.append(svgElement("line", {
        x1: 0, x2: 22, y1: 5, y2: 5, "stroke-width": 2.5, "stroke-dasharray": dashes || null, style: `stroke: ${paint}`,
    }));
    return svg;
}

function markSwatch(kind) {
    const svg = svgElement("svg", {class: "swatch", width: 22, height: 10, "aria-hidden": "true"});
    const color = `var(--mark-${kind in markNames ? kind : "other"})`;
    svg.append(svgElement("rect", {x: 5, width: 12, height: 10, style: `fill: ${color}; opacity: .2`}),
               svgElement("line", {x1: 5, x2: 5, y1: 0, y2: 10, "stroke-width": 1.5, style: `stroke: ${color}`}));
    return svg;
}

/** The legend under a chart: a button per series that shows or hides it, with the value at the cursor; `at` is the node
    that says where the cursor is. */
class Legend {
    constructor(model, at, toggle) {
        this.at = at;
        this.values = [];
        this.buttons = [];
        this.node = element("ul", {class: "legend"});
        model.legend.forEach((entry, index) => {
            const value = element("span", {class: "legend-value"});
            const button = element("button", {
                type: "button", "aria-pressed": "true", title: "Show or hide", onclick: () => toggle(index),
            }, swatch(entry), element("span", {class: "legend-label"}, entry.label), value);
            this.values.push(value);
            this.buttons.push(button);
            this.node.append(element("li", {}, button));
        });
        for (const kind of model.markKinds) {
            this.node.append(element("li", {class: "legend-mark"}, markSwatch(kind), markNames[kind] ?? kind));
        }
        if (model.hasRows) this.node.append(heatScale(model));
    }

    show({at, values}) {
        this.at.textContent = at;
        this.values.forEach((node, index) => {
            node.textContent = values[index] ?? "";
        });
    }

    setShown(isShown) {
        this.buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(isShown[index])));
    }
}

function heatScale(model) {
    const {label, unit} = model.value;
    return element("li", {class: "heat-scale"},
                   element("span", {}, axisTitle({label, unit})),
                   element("span", {class: "heat-number"}, "0"),
                   element("span", {class: "heat-colors", "aria-hidden": "true"}),
                   element("span", {class: "heat-number"}, formatValue(model.most, unit)));
}
