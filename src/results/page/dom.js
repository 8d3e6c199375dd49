"use strict";

const svgNamespace = "http://www.w3.org/2000/svg";

function setAttributes(node, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else node.setAttribute(name, value === true ? "" : value);
    }
}

/** An HTML element. Attributes that are null, undefined or false are left out; "onclick" and its like are listeners. */
function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    setAttributes(node, attributes);
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
}

function svgElement(tag, attributes = {}, ...children) {
    const node = document.createElementNS(svgNamespace, tag);
    setAttributes(node, attributes);
    node.append(...children);
    return node;
}

/** Says it to those who listen to the page instead of looking at it. */
function announce(text) {
    document.getElementById("announcer").textContent = text;
}

/** Gives the browser a file to save. */
function saveFile(name, blob) {
    const address = URL.createObjectURL(blob);
    const link = element("a", {href: address, download: name});
    document.body.append(link);
    link.click();
    link.remove();
    // Some browsers begin to read only after the click has been handled.
    setTimeout(() => URL.revokeObjectURL(address), 10000);
}

async function copyText(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // Pages from file:// may have no clipboard of that kind.
        const area = element("textarea", {class: "hidden"});
        area.value = text;
        document.body.append(area);
        area.select();
        const isCopied = document.execCommand("copy");
        area.remove();
        return isCopied;
    }
}
