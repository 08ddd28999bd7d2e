// The live graph: a formula, its inputs, the curve, the graph and what the two passes put on it.
//
// The page brings the controls and, for those without a script, a still picture and its table. This
// script takes them over. The state is the formula, the point, and along which input F is drawn.
"use strict";
(() => {
  const { number, draw } = Kit;
  const REACH = 4; // the curve is drawn from −4 to 4, or further if the point is
  const STEP = 0.05;
  const SAMPLES = 240;

  const SIGNS = { add: "+", sub: "−", mul: "·", div: "/" };
  /** An argument as a statement shows it. */
  const shown = (a) => (typeof a === "number" ? number(a) : a.name ?? (a.isTest ? "test" : "…"));
  /** A statement as short as it can be, for a box. */
  function brief({ op, args, name, test }) {
    const [a, b, c] = args.map(shown);
    if (op === "input") return name;
    if (op === "pow") return `${name} = ${a}**${b}`;
    if (SIGNS[op]) return `${name} = ${a} ${SIGNS[op]} ${b}`;
    if (op === "rsub") return `${name} = ${b} − ${a}`;
    if (op === "neg") return `${name} = −${a}`;
    if (op === "reciprocal") return `${name} = 1 / ${a}`;
    if (op === "where") return `${name} = where(${test}, ${b}, ${c})`;
    return `${name} = ${op}(${args.map(shown).join(", ")})`;
  }
  /** The statement as trace writes it. */
  const statement = ({ op, args, name, test }) =>
    op === "input" ? name : `${name} = ${op}(${args.map((a, i) => (test && i === 0 ? test : shown(a))).join(", ")})`;

  const isSame = (a, b) => a === b || (Number.isNaN(a) && Number.isNaN(b)) ||
    (Number.isFinite(a - b) && Math.abs(a - b) <= 2e-4 * Math.max(1, Math.abs(a), Math.abs(b)));

  /** Say whether the slope that the graph gives is that of the curve. */
  function verdict(graph, point, along) {
    const value = Formula.forward(graph, point);
    if (!Number.isFinite(value) || !Number.isFinite(point[along]))
      return ["", `F is ${number(value)} here, so there is no slope that the graph could be right about.`];
    const left = Formula.slope(graph, point, along, -1), right = Formula.slope(graph, point, along, 1);
    Formula.forward(graph, point);
    Formula.backward(graph);
    const given = graph.nodes.find((node) => node.name === along && node.op === "input").adjoint;
    const said = number(given);
    const tidy = (slope) => number(Math.abs(slope) < 1e-6 ? 0 : slope);
    const sides = `from the left ${tidy(left)}, from the right ${tidy(right)}`;
    if (Number.isNaN(left) || Number.isNaN(right)) {
      if (Number.isNaN(left) && Number.isNaN(right)) return ["odd", `F has no value to either side of this point. The graph says ${said}.`];
      const [none, other, slope] = Number.isNaN(left) ? ["left", "right", right] : ["right", "left", left];
      return ["odd", `To the ${none} F has no value; from the ${other} the slope is ${tidy(slope)}, and the graph says ${said}.`];
    }
    if (isSame(left, right)) {
      if (isSame(left, given)) return ["agrees", `The graph is right here: the difference quotient is ${tidy(left)} from the left and from the right.`];
      if (!Number.isFinite(left)) return ["odd", `The curve is vertical here, ${sides}, and the graph says ${said}.`];
      return ["disagrees", `The graph is wrong here: ${sides}, but the graph says ${said}.`];
    }
    const jump = Number.isFinite(left) && Number.isFinite(right) ? "" : isJump(graph, point, along) ? " F jumps." : "";
    return ["odd", `${sides[0].toUpperCase()}${sides.slice(1)}: F has no derivative here, and the graph says ${said}.${jump}`];
  }
  function isJump(graph, point, along) {
    const at = (step) => Formula.forward(graph, { ...point, [along]: point[along] + step });
    const sizes = [1e-9, -1e-9].map((step) => Math.abs(at(step) - at(0)));
    Formula.forward(graph, point);
    return Math.max(...sizes) > 1e-3;
  }

  /** The curve of F along one input, in a box of so many units. */
  class Plot {
    constructor(svg, move) {
      this.svg = svg;
      Kit.drag(svg, (px) => move(Math.round((this.from + (px / this.width) * (this.to - this.from)) / STEP) * STEP));
    }

    /** Draw what stays while the point moves along the curve. */
    draw(graph, point, along) {
      [this.width, this.height] = [this.svg.clientWidth || 340, this.svg.clientHeight || 230];
      const far = Number.isFinite(point[along]) ? Math.abs(point[along]) : 0;
      const reach = far > REACH ? 1.25 * far : REACH;
      [this.from, this.to] = [-reach, reach];
      const value = (t) => Formula.forward(graph, { ...point, [along]: t });
      const samples = Array.from({ length: SAMPLES + 1 }, (_, i) => {
        const t = this.from + ((this.to - this.from) * i) / SAMPLES;
        return [t, value(t)];
      });
      const finite = samples.map(([, v]) => v).filter(Number.isFinite).sort((a, b) => a - b);
      const share = (part) => finite[Math.round(part * (finite.length - 1))] ?? 0;
      const [low, high] = [share(0.05), share(0.95)], room = (high - low || 2) * 0.2;
      [this.low, this.high] = [low - room, high + room];
      this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
      this.svg.replaceChildren();
      this.grid(along);
      draw(this.svg, "path", { class: "curve", d: this.line(samples, value) });
      this.tangent = draw(this.svg, "path", { class: "tangent" });
      this.dot = draw(this.svg, "circle", { class: "dot", r: 7 });
    }

    x(t) { return ((t - this.from) / (this.to - this.from)) * this.width; }
    y(v) { return Math.max(-9e3, Math.min(9e3, ((this.high - v) / (this.high - this.low)) * this.height)); }

    grid(along) {
      const step = 10 ** Math.floor(Math.log10(this.to)) * (this.to / 10 ** Math.floor(Math.log10(this.to)) > 2.5 ? 2 : 1);
      for (let t = Math.ceil(this.from / step) * step; t < this.to; t += step) {
        draw(this.svg, "path", { class: Math.abs(t) < step / 2 ? "axis" : "grid", d: `M${this.x(t)} 0V${this.height}` });
        if (this.x(t) > 12 && this.x(t) < this.width - 24) draw(this.svg, "text", { x: this.x(t) + 3, y: this.height - 5 }, number(Math.abs(t) < step / 2 ? 0 : t));
      }
      if (this.low < 0 && this.high > 0) draw(this.svg, "path", { class: "axis", d: `M0 ${this.y(0)}H${this.width}` });
      draw(this.svg, "text", { x: 6, y: 16, class: "title" }, `F along ${along}`);
      draw(this.svg, "text", { x: this.width - 14, y: this.height - 5, class: "title" }, along);
    }

    /** The curve as commands of SVG: the pen is lifted where F has no value, leaves, or jumps. */
    line(samples, value) {
      const height = this.high - this.low;
      const isNear = (v) => v > this.low - height && v < this.high + height;
      const isJump = ([a, u], [b, v]) => {
        const rise = Math.abs(v - u);
        if (rise < height / 20) return false;
        for (let i = 0; i < 12; i++) {
          const m = (a + b) / 2, w = value(m);
          if (Math.abs(w - u) > Math.abs(v - w)) [b, v] = [m, w];
          else [a, u] = [m, w];
        }
        return !(Math.abs(v - u) < rise / 3);
      };
      let d = "", last = null;
      for (const sample of samples) {
        const [t, v] = sample;
        if (isNear(v)) d += `${last && !isJump(last, sample) ? "L" : "M"}${this.x(t).toFixed(1)} ${this.y(v).toFixed(1)}`;
        last = isNear(v) ? sample : null;
      }
      return d;
    }

    /** Put the point and the tangent that the graph gives at their places. */
    show(t, value, slope) {
      const isThere = Number.isFinite(value) && Number.isFinite(t);
      const [px, py] = [this.x(t), this.y(value)];
      const rise = (slope * this.height * (this.to - this.from)) / ((this.high - this.low) * this.width);
      const reach = 80 / Math.hypot(1, rise);
      this.dot.setAttribute("cx", isThere ? px : -20);
      this.dot.setAttribute("cy", isThere ? py : -20);
      this.tangent.setAttribute("d", isThere && Number.isFinite(rise) ? `M${px - reach} ${py + rise * reach}L${px + reach} ${py - rise * reach}` : "");
    }
  }

  /** The picture of the graph in a frame, and the rows of its table. */
  class Picture {
    constructor(frame, rows) {
      [this.frame, this.rows] = [frame, rows];
    }

    draw(graph) {
      for (const node of graph.nodes) node.label = brief(node);
      const room = this.frame.clientWidth - 8;
      // From left to right where that fits, else downwards, with narrower boxes if need be.
      const ways = room < 560 ? [] : [[false, 14]];
      let down, size;
      for (const [isDown, letters] of [...ways, [true, 13], [true, 11]]) {
        [down, size] = [isDown, Layout.lay(graph, isDown, letters)];
        if (size.fullWidth <= room) break;
      }
      const [width, height] = [size.fullWidth + 8, size.fullHeight + 8];
      this.frame.replaceChildren();
      const svg = draw(this.frame, "svg", { width, height, viewBox: `${size.left - 4} ${size.top - 4} ${width} ${height}`, role: "group", "aria-label": "Graph of F" });
      const edges = graph.nodes.flatMap((node) => node.edges);
      for (const edge of edges) {
        const [x, y] = edge.points.at(-1);
        edge.line = draw(svg, "path", { class: "carries", d: Layout.path(edge.points, down) });
        draw(svg, "path", { class: "tip", d: down ? `M${x - 5} ${y - 1}h10l-5 9z` : `M${x - 1} ${y - 5}v10l9 -5z` });
      }
      for (const node of graph.nodes) this.box(svg, node, node === graph.output);
      for (const { label, ...edge } of edges) {
        const at = { x: label.x, "text-anchor": "middle" };
        const texts = [draw(svg, "text", { ...at, y: label.y - 3, class: "partial" }), draw(svg, "text", { ...at, y: label.y + 11, class: "back" })];
        edges.find((each) => each.line === edge.line).texts = texts;
      }
      this.rows.replaceChildren(...graph.nodes.map((node) => {
        const row = document.createElement("tr");
        row.dataset.node = node.name;
        node.cells = ["th", "td", "td", "td"].map((tag) => row.appendChild(document.createElement(tag)));
        node.cells[0].scope = "row";
        node.cells[0].textContent = statement(node);
        return row;
      }));
    }

    box(svg, node, isOutput) {
      const { x, y, w, h, lines } = node;
      node.group = draw(svg, "g", { role: "img", class: isOutput ? "box output" : "box" });
      draw(node.group, "rect", { x: x - w / 2, y: y - h / 2, width: w, height: h, rx: node.op === "input" ? 18 : 3 });
      const write = (text, line, kind) =>
        draw(node.group, "text", { x, y: y - h / 2 + 17 + line * Layout.LINE, "text-anchor": "middle", class: kind }, text);
      lines.forEach((line, i) => write(line, i, "name"));
      node.texts = [write("", lines.length, "there"), write("", lines.length + 1, "back")];
    }

    /** Fill in the numbers of the two passes. */
    show(graph) {
      for (const node of graph.nodes) {
        const [value, adjoint] = [number(node.value), number(node.adjoint)];
        node.texts[0].textContent = `→ ${value}`;
        node.texts[1].textContent = `← ${adjoint}`;
        node.group.setAttribute("aria-label", `${statement(node)}: value ${value}, adjoint ${adjoint}`);
        [node.value, node.adjoint].forEach((exact, i) => {
          node.cells[i + 1].textContent = number(exact);
          node.cells[i + 1].dataset.exact = exact;
        });
        const sent = node.edges.map((edge) => `${number(edge.message)} to ${edge.source.name} (× ${number(edge.partial)})`);
        node.cells[3].textContent = sent.join("; ");
        for (const edge of node.edges) {
          const size = Math.abs(edge.message);
          edge.texts[0].textContent = `× ${number(edge.partial)}`;
          edge.texts[1].textContent = `← ${number(edge.message)}`;
          edge.line.setAttribute("class", size === 0 ? "carries nothing" : Number.isNaN(size) ? "carries nan" : "carries");
          edge.line.style.strokeWidth = size > 0 ? Math.min(9, 1.2 + 2 * Math.log1p(size)) : size === 0 ? 1.2 : 4;
        }
      }
      this.fit(graph);
    }

    /** The letters of what is too long for its box stand closer. All are measured at once: it is dear. */
    fit(graph) {
      const written = graph.nodes.flatMap(({ texts, w }) => texts.map((text) => ({ text, room: w - 6 })));
      for (const { text } of written) text.removeAttribute("textLength");
      const long = written.filter(({ text, room }) => text.getComputedTextLength() > room);
      for (const { text, room } of long) text.setAttribute("textLength", room);
    }
  }

  class Figure {
    constructor(figure) {
      const find = (name) => figure.querySelector(`[data-is="${name}"]`);
      this.find = find;
      this.isSimple = figure.matches(".simple");
      this.formula = find("formula");
      this.point = { x: 1, y: 1 };
      this.along = "x";
      this.plot = new Plot(find("plot"), (t) => this.move(this.along, t));
      this.picture = new Picture(find("graph"), find("rows"));
      this.speak = Kit.speaker(find("told"));
      this.soon = Kit.soon(() => this.show());
      this.listen();
      this.choose();
      this.restore();
      figure.dataset.ready = "";
    }

    listen() {
      const { find } = this;
      this.formula.addEventListener("input", () => {
        find("example").value = "";
        find("look").textContent = "";
        this.grow();
        this.read();
      });
      find("example").addEventListener("change", () => this.choose());
      for (const name of ["x", "y"]) {
        const field = find(name), slider = find(`${name}-slider`);
        slider.addEventListener("input", () => this.move(name, Number(slider.value)));
        Kit.typed(field, find("not-a-number"), (value) => this.move(name, value, field));
        field.addEventListener("change", () => Kit.readNumber(field.value) === null || this.fill());
        field.addEventListener("keydown", (event) => {
          const step = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
          if (!step) return;
          event.preventDefault();
          this.move(name, Math.round((this.point[name] + step) / STEP) * STEP);
        });
        find(`along-${name}`).addEventListener("change", () => this.turn(name));
      }
      find("copy").addEventListener("click", async () => {
        this.keep(true);
        await Kit.copy(location.href);
        find("copied").textContent = "The link is copied.";
        setTimeout(() => (find("copied").textContent = ""), 4000);
      });
      addEventListener("hashchange", () => location.hash !== this.hash && this.restore());
      let width = find("graph").clientWidth;
      new ResizeObserver(() => {
        if (Math.abs(find("graph").clientWidth - width) < 8) return;
        width = find("graph").clientWidth;
        this.build();
      }).observe(find("graph"));
    }

    /** Take the chosen example. */
    choose() {
      const [option] = this.find("example").selectedOptions;
      const { formula, x, y, look } = option.dataset;
      if (formula === undefined) return;
      this.find("look").textContent = look;
      this.take(formula, { x: Number(x), y: Number(y) });
    }

    take(formula, point) {
      this.formula.value = formula;
      this.grow();
      this.point = point;
      this.along = "x";
      this.read();
    }

    /** Let the field hold every line, up to ten. */
    grow() {
      this.formula.rows = Math.min(10, Math.max(3, this.formula.value.split("\n").length));
    }

    /** Read the formula anew. A wrong one leaves everything else as it was. */
    read() {
      let next;
      try {
        next = Formula.read(this.formula.value);
      } catch (mistake) {
        if (!(mistake instanceof Formula.Mistake)) throw mistake;
        this.find("wrong").textContent = mistake.message;
        Kit.doubt(this.formula);
        return;
      }
      this.graph = next;
      this.find("wrong").textContent = "";
      Kit.doubt(this.formula, false);
      const { inputs } = this.graph;
      if (!inputs.includes(this.along)) this.along = inputs[0];
      for (const name of ["x", "y"]) this.find(`input-${name}`).toggleAttribute("data-unused", !inputs.includes(name));
      this.find("which").hidden = inputs.length < 2;
      this.fill();
      this.build();
    }

    /** Draw everything anew. */
    build() {
      if (!this.graph) return;
      this.picture.draw(this.graph);
      this.turn(this.along);
    }

    /** Draw the curve along an input. */
    turn(name) {
      this.along = name;
      this.find(`along-${name}`).checked = true;
      this.plot.draw(this.graph, this.point, this.along);
      this.soon();
    }

    /** Move one input; the field in which it is typed stays as it is. */
    move(name, to, typed) {
      const value = Math.abs(to) < 1e-9 && !typed ? 0 : typed ? to : Number(to.toFixed(10));
      const wasFar = Math.abs(this.point[name]) > REACH;
      this.point = { ...this.point, [name]: value };
      this.fill(typed);
      if (!typed) this.find("not-a-number").textContent = "";
      const isFar = Math.abs(value) > REACH;
      if (name !== this.along || isFar || wasFar) this.plot.draw(this.graph, this.point, this.along);
      this.soon();
    }

    /** Write the point into fields and sliders. */
    fill(except) {
      for (const name of ["x", "y"]) {
        const field = this.find(name), slider = this.find(`${name}-slider`), value = this.point[name];
        if (field !== except) {
          field.value = String(value).replace("-", "−").replace("Infinity", "∞");
          Kit.doubt(field, false);
        }
        const reach = Number.isFinite(value) ? Math.max(REACH, Math.ceil(Math.abs(value))) : REACH;
        [slider.min, slider.max] = [-reach, reach];
        if (Number.isFinite(value)) slider.value = value;
        slider.setAttribute("aria-valuetext", number(value));
      }
    }

    /** Run forward and backward, and show every number. */
    show() {
      const { graph, point, along } = this;
      const [kind, sentence] = verdict(graph, point, along);
      const value = Formula.forward(graph, point);
      Formula.backward(graph);
      const input = graph.nodes.find((node) => node.op === "input" && node.name === along);
      this.picture.show(graph);
      this.plot.show(point[along], value, input.adjoint);
      const messages = graph.nodes.flatMap((node) => node.edges).filter((edge) => edge.source === input).map((edge) => number(edge.message));
      const sum = messages.length > 1 ? ` = ${messages.join(" + ").replaceAll("+ −", "− ")}` : "";
      this.find("result").textContent = `F = ${number(value)},  ∂F/∂${along} = ${number(input.adjoint)}${sum}`;
      this.find("verdict").textContent = sentence;
      this.find("verdict").className = kind;
      this.find("code").textContent = Formula.program(graph, point);
      const where = graph.inputs.map((name) => `${name} = ${number(point[name])}`).join(", ");
      this.speak(`At ${where}: ${this.find("result").textContent}. ${sentence}`);
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.keep(), 400);
    }

    /** Keep formula and point in the address: not before something has changed, unless asked to. */
    keep(isAsked = false) {
      if (this.find("wrong").textContent || this.isSimple) return;
      const state = new URLSearchParams({ f: this.formula.value, x: this.point.x, y: this.point.y });
      const hash = `#${state}`;
      const isNew = this.hash !== undefined && hash !== this.hash;
      this.hash = hash;
      if (isNew || isAsked) history.replaceState(history.state, "", hash);
    }

    /** Take formula and point from the address, if there are any. */
    restore() {
      const state = new URLSearchParams(location.hash.slice(1));
      if (!state.has("f") || this.isSimple) return;
      const read = (name) => Kit.readNumber(state.get(name) ?? "") ?? 1;
      const option = [...this.find("example").options].find((each) => each.dataset.formula === state.get("f"));
      this.find("example").value = option?.value ?? "";
      this.find("look").textContent = option?.dataset.look ?? "";
      this.take(state.get("f"), { x: read("x"), y: read("y") });
    }
  }

  if (typeof document === "undefined") globalThis.verdict = verdict;
  else for (const figure of document.querySelectorAll(".live-graph")) new Figure(figure);
})();
