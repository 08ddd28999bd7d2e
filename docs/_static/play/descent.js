// Gradient descent with a learning rate and a momentum to move, and a start to drag.
//
// What is drawn and said comes from functions without a browser, so that the still figure of the
// page, and the tests, have it from the same place.
"use strict";
const Descent = (() => {
  const { number, mark } = Kit;
  const STEPS = 50, LEFT = 44;
  /** The two losses: what they are, their gradient, and the line on which they have the value c. */
  const LOSSES = {
    bowl: {
      bends: { x: 1, y: 10 },
      value: (x, y) => 0.5 * x * x + 5 * y * y,
      gradient: (x, y) => [x, 10 * y],
      level: (c, unit) => mark("ellipse", { class: "level", cx: 0, cy: 0, rx: Math.sqrt(2 * c) * unit, ry: Math.sqrt(c / 5) * unit }),
    },
    corner: {
      value: (x, y) => Math.abs(x) + 2 * Math.abs(y),
      gradient: (x, y) => [Math.sign(x), 2 * Math.sign(y)],
      level(c, unit) {
        const [u, v] = [c * unit, (c * unit) / 2];
        return mark("path", { class: "level", d: `M${-u} 0L0 ${v}L${u} 0L0 ${-v}Z` });
      },
    },
  };

  /** Walk from a point: the places and the losses, the start included. */
  function walk({ loss, x, y, rate, momentum }, steps = STEPS) {
    const { value, gradient } = LOSSES[loss], path = [[x, y, value(x, y)]];
    for (let i = 0, v = [0, 0]; i < steps; i++) {
      v = gradient(x, y).map((g, j) => momentum * v[j] + g);
      [x, y] = [x - rate * v[0], y - rate * v[1]];
      path.push([x, y, value(x, y)]);
    }
    return path;
  }

  /** What a step does, in the long run, along a direction of this bend: the larger root of z² − (1 + μ − ηλ) z + μ. */
  function factor(bend, rate, momentum) {
    const sum = 1 + momentum - rate * bend, under = sum * sum - 4 * momentum;
    if (under < 0) return { size: Math.sqrt(momentum), isTurning: true };
    const root = (sum + (sum < 0 ? -1 : 1) * Math.sqrt(under)) / 2;
    return { size: Math.abs(root), root, isTurning: false };
  }

  /** The largest rate that does not diverge along a direction of this bend. */
  const limit = (momentum, bend) => (2 * (1 + momentum)) / bend;

  /** Say where the loss has come to. */
  function outcome(path) {
    const first = path[0][2], last = path.at(-1)[2], small = path.findIndex((place) => place[2] <= first / 1000);
    const end = `After ${STEPS} steps the loss is ${number(last)}`;
    return small < 0 ? `${end}.` : `${end}; it falls below a thousandth of its start in step ${small}.`;
  }

  /** Say in a word, and in a sentence, what the walk does. */
  function verdict(state) {
    const { loss, x, y, rate, momentum } = state, { bends } = LOSSES[loss], start = { x, y };
    const moving = ["x", "y"].filter((name) => start[name] !== 0);
    if (!moving.length) return ["Stays", "You start at the lowest point. The gradient is 0 there, so no step leads anywhere."];
    if (!bends) {
      const [u, v, left] = walk(state).at(-1), each = `each step changes x by ${number(rate)} and y by ${number(2 * rate)}`;
      if (!left) return ["Arrives", "Its steps happen to end exactly in the corner, where torch gives the gradient 0. Move the start a little, and they will not."];
      if (Math.max(Math.abs(u), Math.abs(v) / 2) > rate * (1 + 1e-9)) return ["On its way", `The gradient does not shrink on the way down, so ${each}. The corner is still more than one step away.`];
      return ["Oscillates", `The gradient is as large beside the corner as far away from it, so ${each}, to the end. ` +
        "It jumps to and fro across the lowest point. Only a smaller rate brings it closer."];
    }
    const factors = moving.map((name) => ({ name, ...factor(bends[name], rate, momentum) }));
    const worst = factors.reduce((a, b) => (b.size > a.size ? b : a)), bend = bends[worst.name];
    const most = `2 · ${momentum ? "(1 + " + number(momentum) + ")" : "1"} / ${bend} = ${number(limit(momentum, bend))}`;
    if (worst.size > 1 + 1e-9)
      return ["Diverges", `In ${worst.name} each step multiplies the distance by ${number(worst.root)}: it overshoots, and lands further away than it was. ` +
        `The curvature along ${worst.name} is ${bend}, so a rate must be below ${most}.`];
    if (worst.size >= 1 - 1e-9)
      return ["Oscillates", `In ${worst.name} each step overshoots by as much as it had to go, and so it never comes closer. This rate is the limit: ${most}.`];
    const each = factors.map(({ name, size, root, isTurning }) => isTurning ? `${name} swings, and shrinks to ${number(size)} of itself` : `${name} is multiplied by ${number(root)}`);
    const crossing = factors.filter(({ root }) => root < 0).map(({ name }) => name).join(" and ");
    const how = crossing ? `The minus sign is an overshoot: ${crossing} changes sides each time.` : factors.some(({ isTurning }) => isTurning) ? "Momentum carries it past the lowest point and back." : "Nothing overshoots.";
    return [crossing ? "Oscillates and converges" : "Converges", `Each step, in the long run: ${each.join("; ")}. ${how}`];
  }

  /** How many units of the picture are 1, and where 0 is. */
  function place(width, height) {
    const unit = Math.min(width / 9, height / 4.6);
    return { unit, cx: width / 2, cy: height / 2 };
  }

  /** Draw the level lines and the walk, seen from above. */
  function map(state, width, height) {
    const { unit, cx, cy } = place(width, height), path = walk(state);
    const near = (v) => Math.max(-9e3, Math.min(9e3, v)).toFixed(1);
    let drawn = "";
    for (const k of [0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9]) drawn += LOSSES[state.loss].level(state.loss === "bowl" ? k * k / 2 : k, unit);
    drawn = mark("g", { transform: `translate(${cx} ${cy})` }, drawn + mark("path", { class: "cross", d: "M-6 0H6M0 -6V6" }));
    const points = path.map(([x, y]) => [near(cx + x * unit), near(cy - y * unit)]);
    // The walk ends where it has left the picture by far.
    const out = points.findIndex(([px, py]) => Math.abs(px) > 8e3 || Math.abs(py) > 8e3);
    const seen = out < 0 ? points : points.slice(0, out + 1);
    drawn += mark("path", { class: "back curve", d: "M" + seen.map(([px, py]) => px + " " + py).join("L") });
    return drawn + seen.slice(1).map(([px, py]) => mark("circle", { class: "place", cx: px, cy: py, r: 2.5 })).join("");
  }

  /** Draw the loss after each step, on a logarithmic scale. */
  function curve(state, width, height) {
    const heights = walk(state).map((each) => Math.log10(Math.max(each[2], 1e-12)));
    const low = Math.max(-8, Math.min(-2, Math.floor(Math.min(...heights)))), high = Math.min(6, Math.max(2, Math.ceil(Math.max(...heights))));
    const x = (step) => LEFT + (step / STEPS) * (width - LEFT - 12), y = (v) => 12 + ((high - v) / (high - low)) * (height - 36);
    let drawn = "";
    for (const step of Kit.ticks(0, STEPS, 5)) {
      drawn += mark("path", { class: "grid", d: `M${x(step)} 12V${height - 24}` });
      drawn += mark("text", { x: x(step), y: height - 7, "text-anchor": "middle" }, step);
    }
    for (const v of Kit.ticks(low, high, height < 200 ? 5 : 8)) {
      drawn += mark("path", { class: "grid", d: `M${LEFT} ${y(v)}H${width}` });
      drawn += mark("text", { x: LEFT - 5, y: y(v) + 4, "text-anchor": "end" }, number(10 ** v).replace("1·", ""));
    }
    // The title stands where the curve does not.
    const title = heights.at(-1) > heights[0] ? { x: LEFT + 8 } : { x: width - 8, "text-anchor": "end" };
    const line = heights.map((v, step) => x(step).toFixed(1) + " " + y(Math.max(low, Math.min(high, v))).toFixed(1));
    return drawn + mark("path", { class: "back curve", d: "M" + line.join("L") }) + mark("text", { class: "title", y: 26, ...title }, "loss after each step");
  }

  return { STEPS, walk, factor, limit, outcome, verdict, place, map, curve };
})();

(() => {
  if (typeof document === "undefined") return;
  const { number } = Kit;
  const REACH = { x: 4, y: 2 }, STEP = 0.1, SLOWEST = 0.0001, FASTEST = 2;

  class Figure {
    constructor(figure) {
      this.find = (name) => figure.querySelector(`[data-is="${name}"]`);
      const { x, y, rate, momentum } = figure.dataset;
      this.state = { loss: "bowl", x: Number(x), y: Number(y), rate: Number(rate), momentum: Number(momentum) };
      [this.svg, this.handle] = [this.find("map"), this.find("start")];
      this.speak = Kit.speaker(this.find("told"));
      this.soon = Kit.soon(() => this.show());
      this.listen();
      for (const name of ["map", "curve"]) Kit.fit(this.find(name), () => this.show());
      this.show();
      figure.dataset.ready = "";
    }

    listen() {
      const { find } = this;
      for (const name of ["rate", "momentum"]) find(`${name}-slider`).addEventListener("input", (event) => this.move({ [name]: Number(event.target.value) }));
      const bounds = { rate: [SLOWEST, FASTEST], x: [-REACH.x, REACH.x], y: [-REACH.y, REACH.y] };
      for (const [name, [low, high]] of Object.entries(bounds)) Kit.typed(find(name), find("wrong"), (value) => {
        if (value >= low && value <= high) return this.move({ [name]: value }, name);
        Kit.doubt(find(name));
        find("wrong").textContent = `Here ${name === "rate" ? "a rate" : name} can be from ${low} to ${high}.`.replace("-", "−");
      });
      find("loss").addEventListener("change", (event) => this.move({ loss: event.target.value }));
      Kit.keys(this.handle, (across, up) => this.start(this.state.x + across * STEP, this.state.y + up * STEP));
      Kit.drag(this.svg, (px, py) => {
        const { unit, cx, cy } = Descent.place(this.svg.clientWidth, this.svg.clientHeight);
        this.handle.focus({ preventScroll: true });
        this.start((px - cx) / unit, (cy - py) / unit);
      });
    }

    /** Start from a round point on the map. */
    start(x, y) {
      const round = (value, reach) => Number(Math.max(-reach, Math.min(reach, Math.round(value / STEP) * STEP)).toFixed(1)) || 0;
      this.move({ x: round(x, REACH.x), y: round(y, REACH.y) });
    }

    /** Change something; the field in which it is typed stays as it is. */
    move(change, typed) {
      Object.assign(this.state, change);
      for (const name of ["rate", "x", "y"]) {
        if (name === typed) continue;
        this.find(name).value = String(this.state[name]).replace("-", "−");
        Kit.doubt(this.find(name), false);
      }
      if (!typed) this.find("wrong").textContent = "";
      this.soon();
    }

    /** Draw, write and say everything. */
    show() {
      const { find, state, handle } = this, isBowl = state.loss === "bowl";
      // Beside a corner the last digit decides to which side a step leads, so there is no momentum there.
      const shown = isBowl ? state : { ...state, momentum: 0 };
      for (const name of ["map", "curve"]) {
        const svg = find(name), width = svg.clientWidth || 280, height = svg.clientHeight || 160;
        svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
        find(`${name}-scene`).innerHTML = Descent[name](shown, width, height);
      }
      const { unit, cx, cy } = Descent.place(this.svg.clientWidth, this.svg.clientHeight);
      handle.setAttribute("transform", `translate(${cx + state.x * unit},${cy - state.y * unit})`);
      handle.setAttribute("aria-valuenow", state.x);
      handle.setAttribute("aria-valuetext", `x ${number(state.x)}, y ${number(state.y)}`);
      for (const name of ["rate", "momentum"]) {
        find(`${name}-slider`).value = state[name];
        find(`${name}-slider`).setAttribute("aria-valuetext", number(shown[name]));
      }
      find("momentum-slider").disabled = !isBowl;
      find("momentum").textContent = number(shown.momentum);
      const [word, sentence] = Descent.verdict(shown), outcome = Descent.outcome(Descent.walk(shown));
      find("word").textContent = `${word}. ${outcome}`;
      find("verdict").textContent = sentence;
      this.speak(`${word}. ${outcome} ${sentence}`);
    }
  }

  for (const figure of document.querySelectorAll(".moving.descent")) new Figure(figure);
})();
