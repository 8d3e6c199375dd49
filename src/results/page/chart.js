"use strict";

/** One chart on the page: its model, its parts, and what it shows now. Drawn when it first comes near the viewport. */
class Chart {
    constructor(spec, group) {
        this.spec = spec;
        this.id = spec.id;
        this.model = makeModel(spec);
        this.group = group;
        this.isShown = this.model.legend.map(() => true);
        this.plot = null;
        this.cursorX = null;
        this.cursorRow = null;
        this.knownYRange = null;
        this.isNear = false;  // the viewport
        this.isStale = false;  // drawn, but not as it should look now
        group.add(this);
        this.parts = chartFigure(spec, this.model, {
            reset: () => this.group.reset(),
            savePng: () => savePng(this),
            saveSvg: () => saveSvg(this),
        });
        this.figure = this.parts.figure;
        if (this.model.isEmpty) return;
        this.legend = new Legend(this.model, this.parts.at, (index) => this.toggle(index));
        this.figure.append(this.legend.node, dataDetails(this.model, spec.title));
        listenToKeys(this, this.parts.plot);
    }

    /** Empty charts have nothing to draw and count as drawn. */
    get isDrawn() {
        return this.model.isEmpty || this.plot !== null;
    }

    /** Kept until the range or the shown series change: a redraw asks for it several times. */
    get yRange() {
        this.knownYRange ??= this.model.yRange(this.group.range, this.isShown);
        return this.knownYRange;
    }

    ticks(index, min, max, pixels) {
        return index === 0 ? this.model.xTicks(min, max, pixels) : this.model.yTicks(min, max, pixels);
    }

    draw() {
        if (this.isDrawn) return;
        const node = this.parts.plot;
        this.plot = makePlot(this, node);
        this.dots = this.model.legend.map(({color}) => element("span", {
            class: "dot", style: `background: var(--series-${(color ?? 0) % 8})`, hidden: true,
        }));
        this.tip = element("div", {class: "tip", hidden: true});
        this.plot.over.append(...this.dots, this.tip);
        this.plot.over.addEventListener("mouseleave", () => this.group.moveCursor(null, this));
        new ResizeObserver(() => {
            const width = Math.max(120, node.clientWidth);
            if (width !== this.plot.width) this.plot.setSize({width, height: plotHeight(this.model)});
        }).observe(node);
        listenToFingers(this, this.plot.over);
    }

    /** uPlot's hook: everything inside the frame. */
    paint(u) {
        const ratio = devicePixelRatio || 1;
        const box = {left: u.bbox.left / ratio, top: u.bbox.top / ratio, width: u.bbox.width / ratio,
                     height: u.bbox.height / ratio};
        const frame = makeFrame(box, this.model.xAxis, this.group.range, this.model.yAxis, this.yRange);
        u.ctx.save();
        u.ctx.scale(ratio, ratio);
        const painter = new CanvasPainter(u.ctx);
        painter.clipped(box, () => this.model.paint(painter, frame, currentTheme(), this.isShown));
        u.ctx.restore();
    }

    setNear(isNear) {
        this.isNear = isNear;
        if (!isNear) return;
        this.draw();
        if (this.isStale) this.refresh();
        else if (this.cursorX !== null) this.showCursor(this.cursorX, null, false);
    }

    rangeChanged() {
        this.parts.reset.hidden = !this.group.isZoomed;
        this.knownYRange = null;
        this.refresh();
    }

    /** Draws again, or, where nobody sees it, remembers to: a zoom changes many charts, of which few are in view. */
    refresh() {
        if (this.plot === null) return;
        this.isStale = !this.isNear;
        if (this.isStale) return;
        const {min, max} = this.group.range;
        this.plot.setScale("x", {min, max});
        this.showCursor(null, null, false);
    }

    toggle(index) {
        this.isShown[index] = !this.isShown[index];
        // With nothing left to see, all come back: the way to see them again after each was tried alone.
        if (!this.isShown.some(Boolean)) this.isShown.fill(true);
        this.legend.setShown(this.isShown);
        this.rangeChanged();
    }

    selected(u) {
        const {left, width} = u.select;
        if (width <= 0) return;
        const [min, max] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
        u.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
        this.group.zoom(min, max);
    }

    /** uPlot's hook: the mouse is over this chart. */
    cursorMoved(u) {
        if (this.isFollowing) return;
        const {left, top} = u.cursor;
        if (left === null || left < 0) return;
        const y = top >= 0 ? u.posToVal(top, "y") : null;
        this.group.moveCursor(u.posToVal(left, "x"), this, y);
    }

    /** Shows the cursor at `x`, or none; `isOwn`: it is this chart that somebody points at. */
    showCursor(x, y, isOwn) {
        if (this.plot === null) return;
        this.cursorX = x;
        this.cursorRow = y;
        if (!this.isNear && x !== null) return;
        const isInside = x !== null && x >= this.group.range.min && x <= this.group.range.max;
        const readout = isInside ? this.model.readout(x, y) : {at: "", values: [], points: []};
        this.legend.show(readout);
        this.#placeDots(readout.points);
        this.#placeLine(isInside, x, isOwn);
        this.#showTip(isInside && isOwn ? x : null);
    }

    #placeLine(isInside, x, isOwn) {
        const hasRow = isInside && this.cursorRow !== null;
        this.parts.plot.classList.toggle("no-cursor", !isInside);
        this.parts.plot.classList.toggle("no-row", !hasRow);
        if (!isInside || (isOwn && this.plot.over.matches(":hover"))) return;  // hidden, or placed by uPlot
        const top = hasRow ? this.plot.valToPos(this.cursorRow, "y") : 0;
        this.isFollowing = true;
        this.plot.setCursor({left: this.plot.valToPos(x, "x"), top}, false);
        this.isFollowing = false;
    }

    #placeDots(points) {
        const {min, max} = this.group.range;
        const range = this.plot.scales.y;
        this.dots.forEach((dot, index) => {
            const point = points[index];
            const isSeen = point && this.isShown[index] && point.x >= min && point.x <= max &&
                point.y >= range.min && point.y <= range.max;
            dot.hidden = !isSeen;
            if (!isSeen) return;
            const left = this.plot.valToPos(point.x, "x");
            const top = this.plot.valToPos(point.y, "y");
            dot.style.transform = `translate(${left}px, ${top}px)`;
        });
    }

    #showTip(x) {
        const {tip} = this;
        const width = this.plot.over.clientWidth;
        const {min, max} = this.group.range;
        const labels = x === null ? [] : this.model.marksAt(x, (4 * (max - min)) / width);
        tip.hidden = labels.length === 0;
        if (tip.hidden) return;
        const most = 5;
        tip.replaceChildren(...labels.slice(0, most).map((label) => element("div", {}, label)));
        if (labels.length > most) tip.append(element("div", {}, `and ${labels.length - most} more`));
        const left = this.plot.valToPos(x, "x");
        const isRight = left > width / 2;
        tip.style.left = isRight ? "auto" : `${left + 10}px`;
        tip.style.right = isRight ? `${width - left + 10}px` : "auto";
    }
}
