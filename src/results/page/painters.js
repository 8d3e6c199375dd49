"use strict";

// Two painters with the same strokes: one on a canvas (screen, PNG), one that writes SVG. Charts are drawn by one code,
// in terms of these. Positions are CSS pixels. A "run" is a flat list x0, y0, x1, y1, ... of one unbroken line.

const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif';
const measuringContext = document.createElement("canvas").getContext("2d");

function fontOf(size, weight = 400) {
    return `${weight} ${size}px ${fontFamily}`;
}

function textWidth(text, size, weight) {
    measuringContext.font = fontOf(size, weight);
    return measuringContext.measureText(text).width;
}

class CanvasPainter {
    constructor(context) {
        this.context = context;
    }

    clipped(box, paint) {
        const context = this.context;
        context.save();
        context.beginPath();
        context.rect(box.left, box.top, box.width, box.height);
        context.clip();
        paint();
        context.restore();
    }

    path(runs, {stroke, width = 1.5, dash = [], fill, opacity = 1}) {
        const context = this.context;
        context.save();
        context.beginPath();
        for (const run of runs) {
            context.moveTo(run[0], run[1]);
            for (let i = 2; i < run.length; i += 2) context.lineTo(run[i], run[i + 1]);
        }
        this.#finish({stroke, width, dash, fill, opacity});
    }

    rects(boxes, {stroke, width = 1, dash = [], fill, opacity = 1}) {
        const context = this.context;
        context.save();
        context.beginPath();
        for (let i = 0; i < boxes.length; i += 4) context.rect(boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]);
        this.#finish({stroke, width, dash, fill, opacity});
    }

    circles(centres, radius, fill) {
        const context = this.context;
        context.save();
        context.beginPath();
        for (let i = 0; i < centres.length; i += 2) {
            context.moveTo(centres[i] + radius, centres[i + 1]);
            context.arc(centres[i], centres[i + 1], radius, 0, 2 * Math.PI);
        }
        this.#finish({fill, opacity: 1});
    }

    text(x, y, text, {size = 11, weight = 400, color, align = "left", baseline = "alphabetic", halo}) {
        const context = this.context;
        context.save();
        context.font = fontOf(size, weight);
        context.textAlign = align;
        context.textBaseline = baseline;
        if (halo) {
            context.strokeStyle = halo;
            context.lineWidth = 3;
            context.lineJoin = "round";
            context.strokeText(text, x, y);
        }
        context.fillStyle = color;
        context.fillText(text, x, y);
        context.restore();
    }

    image(canvas, box) {
        this.context.save();
        this.context.imageSmoothingEnabled = false;
        this.context.drawImage(canvas, box.left, box.top, box.width, box.height);
        this.context.restore();
    }

    #finish({stroke, width, dash, fill, opacity}) {
        const context = this.context;
        if (fill) {
            context.globalAlpha = opacity;
            context.fillStyle = fill;
            context.fill();
        }
        if (stroke) {
            context.globalAlpha = fill ? 1 : opacity;
            context.strokeStyle = stroke;
            context.lineWidth = width;
            context.lineJoin = "round";
            context.setLineDash(dash);
            context.stroke();
        }
        context.restore();
    }
}

function shortNumber(value) {
    return String(Math.round(value * 100) / 100);
}

class SvgPainter {
    #clips = 0;

    constructor(width, height, idPrefix) {
        this.idPrefix = idPrefix;
        this.root = svgElement("svg", {
            xmlns: svgNamespace, width, height, viewBox: `0 0 ${width} ${height}`, "font-family": fontFamily,
        });
        this.parent = this.root;
    }

    clipped(box, paint) {
        const id = `${this.idPrefix}-clip-${this.#clips++}`;
        const outline = svgElement("rect", {x: box.left, y: box.top, width: box.width, height: box.height});
        this.parent.append(svgElement("clipPath", {id}, outline));
        const outer = this.parent;
        this.parent = svgElement("g", {"clip-path": `url(#${id})`});
        outer.append(this.parent);
        paint();
        this.parent = outer;
    }

    path(runs, style) {
        let commands = "";
        for (const run of runs) {
            commands += `M${shortNumber(run[0])} ${shortNumber(run[1])}`;
            if (run.length > 2) commands += "L";
            for (let i = 2; i < run.length; i += 2) {
                commands += `${i > 2 ? " " : ""}${shortNumber(run[i])} ${shortNumber(run[i + 1])}`;
            }
        }
        this.#add("path", {d: commands}, style);
    }

    rects(boxes, style) {
        let commands = "";
        for (let i = 0; i < boxes.length; i += 4) {
            const [x, y, width, height] = boxes.slice(i, i + 4).map(shortNumber);
            commands += `M${x} ${y}h${width}v${height}h${shortNumber(-boxes[i + 2])}z`;
        }
        this.#add("path", {d: commands}, {width: 1, ...style});
    }

    circles(centres, radius, fill) {
        for (let i = 0; i < centres.length; i += 2) {
            this.#add("circle", {cx: shortNumber(centres[i]), cy: shortNumber(centres[i + 1]), r: radius}, {fill});
        }
    }

    text(x, y, text, {size = 11, weight = 400, color, align = "left", baseline = "alphabetic", halo}) {
        const anchors = {left: "start", center: "middle", right: "end"};
        // Not all programs that read SVG know dominant-baseline.
        const shift = baseline === "middle" ? 0.35 * size : baseline === "top" ? 0.8 * size : 0;
        const attributes = {
            x: shortNumber(x), y: shortNumber(y + shift), "font-size": size, "font-weight": weight, fill: color,
            "text-anchor": anchors[align],
        };
        if (halo) Object.assign(attributes, {stroke: halo, "stroke-width": 3, "paint-order": "stroke"});
        this.parent.append(svgElement("text", attributes, text));
    }

    image(canvas, box) {
        this.parent.append(svgElement("image", {
            x: box.left, y: box.top, width: box.width, height: box.height, preserveAspectRatio: "none",
            style: "image-rendering: pixelated", href: canvas.toDataURL("image/png"),
        }));
    }

    #add(tag, shape, {stroke, width = 1.5, dash = [], fill, opacity = 1}) {
        if (shape.d === "") return;
        this.parent.append(svgElement(tag, {
            ...shape, fill: fill ?? "none", "fill-opacity": fill && opacity !== 1 ? opacity : null,
            stroke, "stroke-width": stroke ? width : null, "stroke-linejoin": stroke ? "round" : null,
            "stroke-opacity": stroke && !fill && opacity !== 1 ? opacity : null,
            "stroke-dasharray": dash.length ? dash.join(" ") : null,
        }));
    }
}
