"use strict";

function tableBlock(table) {
    const node = tableNode(table.columns, table.rows, table.title);
    node.id = `table-${table.id}`;
    return scrollBox(node, table.title);
}

/** A button that copies, and says so for a moment. */
function copyButton(name, text) {
    const button = element("button", {type: "button", class: "tool"}, name);
    button.addEventListener("click", async () => {
        const isCopied = await copyText(text);
        button.textContent = isCopied ? "Copied" : "Could not copy";
        announce(button.textContent);
        setTimeout(() => { button.textContent = name; }, 2000);
    });
    return button;
}

function scenarioBlock({run, text}, runs) {
    const name = runs.length > 1 ? `${runs[run].name}` : "Show the scenario";
    return element("details", {class: "scenario"}, element("summary", {}, name),
                   element("div", {class: "tools"}, copyButton("Copy", text)),
                   element("pre", {tabindex: "0", role: "region", "aria-label": name}, text));
}
