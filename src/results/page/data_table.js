"use strict";

const mostRows = 500;

function isNumberUnit(unit) {
    return unit !== "text";
}

/** A table of the document's columns; `rows` are arrays of numbers and texts. */
function tableNode(columns, rows, caption = null) {
    const title = ({label, unit}) => {
        const word = unitWord(unit);
        return word && !label.includes(word) ? `${label} (${word})` : label;
    };
    const cell = (value, index) => {
        const {unit} = columns[index];
        const text = formatValue(value, unit);
        const attributes = {class: isNumberUnit(unit) ? "number" : null};
        return index === 0 && unit === "text" ? element("th", {scope: "row"}, text) : element("td", attributes, text);
    };
    const headers = columns.map((column) => element(
        "th", {scope: "col", class: isNumberUnit(column.unit) ? "number" : null}, title(column)));
    return element("table", {}, caption === null ? null : element("caption", {}, caption),
                   element("thead", {}, element("tr", {}, ...headers)),
                   element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))));
}

/** A box that its table may be wider than; reachable with the keyboard, so that it can be scrolled with it. */
function scrollBox(table, label) {
    return element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": label}, table);
}

/** The numbers of a chart as a table that is made when somebody opens it. */
function dataDetails(model, title) {
    const details = element("details", {class: "data"}, element("summary", {}, "Data"));
    details.addEventListener("toggle", () => {
        if (!details.open || details.childElementCount > 1) return;
        const {columns, count, row} = model.table();
        const shown = Math.min(count, mostRows);
        const rows = Array.from({length: shown}, (_, index) => row(index));
        if (shown < count) {
            const text = `The first ${formatNumber(shown)} of ${formatNumber(count)} rows.`;
            details.append(element("p", {class: "note"}, text));
        }
        details.append(scrollBox(tableNode(columns, rows), `Data of ${title}`));
    });
    return details;
}
