// The function with a loop and a branch: a to drag, its slope, and the jumps that no slope shows.
//
// What is drawn and said comes from functions without a browser, so that the still figure of the
// page, and the tests, have it from the same place.
"use strict";
const Jump = (() => {
  const { mark } = Kit;
  const LARGE = 1000, PIECE = 3; // a piece narrower than this is not drawn by itself

  /** Write a number with as many digits as the jumps need. */
  function number(x) {
    const size = Math.abs(x);
    return size >= 1e-3 && size < 1e7 ? String(Number(x.toPrecision(6))).replace("-", "−") : Kit.number(x);
  }

  /** Run f: how often it doubles, what comes out, and by which factor, which is its slope. */
  function run(a) {
    if (!a || !Number.isFinite(a)) return { doublings: 0, value: NaN, slope: NaN };
    let b = 2 * a, doublings = 1;
    for (; Math.abs(b) < LARGE; doublings++) b *= 2;
    const branch = b > 0 ? 1 : 100;
    return { doublings, value: branch * b, slope: branch * 2 ** doublings };
  }

  /** How much f changes over a step, for each unit of the step. */
  const quotient = (a, step) => (run(a + step).value - run(a).value) / step;

  /** The next jump to the right (1) or to the left (−1); null where there is none. */
  function next(a, way) {
    if (a < 0) return next(-a, -way) && -next(-a, -way);
    const { doublings } = run(a), edge = LARGE / 2 ** doublings;
    if (way > 0) return doublings > 1 ? 2 * edge : null;
    return a > edge ? edge : edge / 2;
  }

  const isJump = (a) => Math.abs(run(a).value) === (a > 0 ? LARGE : 100 * LARGE);

  /** The jump that is nearest. */
  function nearest(a) {
    const jumps = [next(a, -1), next(a, 1)].filter((jump) => jump !== null);
    return jumps.sort((u, v) => Math.abs(u - a) - Math.abs(v - a))[0];
  }

  /** Say what a step that leaves the piece does to its quotient. */
  function across(a, step) {
    const side = step < 0 ? "left" : "right", slope = number(quotient(a, step));
    if (a + step === 0) return `The step to the ${side} lands on 0, where the loop never ends, so it has no quotient.`;
    if (a * (a + step) < 0) return `The step to the ${side} leads across 0, past jumps without number: its quotient, ${slope}, means nothing.`;
    const jump = next(a, Math.sign(step));
    return `The step to the ${side} leads across the jump at ${number(jump)}: its quotient, ${slope}, measures the jump and not the slope. ` +
      `A step shorter than ${number(Math.abs(jump - a))} stays on the piece.`;
  }

  /** Say how autograd's slope and the two difference quotients get on. */
  function verdict(a, h) {
    if (a === 0) return "At 0 the loop never ends, because 0 doubled is 0. The notebook's f hangs here; the function of this package raises an error.";
    const here = run(a), said = number(here.slope);
    const [left, right] = [-h, h].map((step) => number(quotient(a, step)));
    const leaves = [-h, h].filter((step) => run(a + step).slope !== here.slope);
    if (!leaves.length) {
      const jump = nearest(a);
      return `From the left ${left}, from the right ${right}: the difference quotients agree with autograd. ` +
        `None of the three numbers shows that f jumps at ${number(jump)}, which is ${number(Math.abs(jump - a))} away.`;
    }
    if (!isJump(a) || leaves.length > 1) return leaves.map((step) => across(a, step)).join(" ");
    const [back, good, wild] = leaves[0] < 0 ? ["left", "right", left] : ["right", "left", right];
    return `f jumps here: it is ${number(here.value)}, but just to the ${back} it is close to ${number(2 * here.value)}. ` +
      `From the ${good} the quotient is ${said}, as autograd says. From the ${back} it is ${wild}, and the smaller the step, the wilder. ` +
      `So f has no derivative here, and autograd gives the slope of the piece that ran.`;
  }

  /** Say what came out. */
  function result(a) {
    const { doublings, value, slope } = run(a), times = doublings === 1 ? "1 doubling" : `${doublings} doublings`;
    if (!doublings) return "f(0) has no value.";
    return `f(${number(a)}) = ${number(value)} after ${times}${a < 0 ? " and once times 100" : ""}. Autograd's slope: f(a) / a = ${number(slope)}`;
  }

  /** Which part of the line is seen: the side on which a is, or both. */
  function view(a, reach, isBoth) {
    const far = Math.max(reach, Math.abs(a) * 1.05);
    return isBoth ? [-far, far] : a < 0 ? [-far, 0] : [0, far];
  }

  /** The places of numbers in a picture of so many units. */
  function scales([from, to], width, height) {
    const low = from < 0 ? -225000 : 0, high = to > 0 ? (from < 0 ? 25000 : 2250) : 0;
    const left = from < 0 ? 62 : 38, unit = (width - left) / (to - from); // the numbers stand on the left
    const x = (a) => left + (a - from) * unit;
    const y = (v) => Math.max(-9e3, Math.min(9e3, ((high - v) / (high - low)) * (height - 42) + 22));
    return { from, to, low, high, left, unit, x, y };
  }

  /** The pieces of one side, until they are too narrow: a block stands for all the others. */
  function pieces(sign, { from, to, unit, x, y }) {
    const far = sign > 0 ? to : -from;
    let drawn = "";
    for (let n = 1, low = LARGE / 2; ; n++, low /= 2) {
      const end = n === 1 ? far : Math.min(2 * low, far), slope = run(sign * low).slope;
      if (low >= far) continue;
      const [u, v, top] = [sign * low, sign * end, slope * sign * end];
      if (low * unit < PIECE) {
        const [p, q] = [x(0), x(v)], [r, s] = [y(slope * u), y(2 * slope * u)];
        return drawn + mark("rect", { class: "many", x: Math.min(p, q), y: Math.min(r, s), width: Math.abs(p - q), height: Math.abs(r - s) });
      }
      drawn += mark("path", { class: "curve", d: `M${x(u)} ${y(slope * u)}L${x(v)} ${y(top)}` });
      const room = (end - low) * unit, middle = x((u + v) / 2), label = room > 66 ? `slope ${number(slope)}` : number(slope);
      if (room > 9 + 7.5 * label.length) drawn += mark("text", { class: "there", x: middle, y: sign > 0 ? 14 : y(0) + 18, "text-anchor": "middle" }, label);
      drawn += mark("path", { class: "drop", d: `M${x(u)} ${y(slope * u)}V${y(2 * slope * u)}` });
      if (room > 14) drawn += mark("circle", { class: "full", cx: x(u), cy: y(slope * u), r: 3.5 }) + mark("circle", { class: "hollow", cx: x(u), cy: y(2 * slope * u), r: 3.5 });
    }
  }

  /** A line through two points, drawn on beyond both by some units. */
  function through(kind, [px, py], [qx, qy], beyond) {
    const length = Math.hypot(qx - px, qy - py) || 1, ux = ((qx - px) / length) * beyond, uy = ((qy - py) / length) * beyond;
    return mark("path", { class: kind, d: `M${px - ux} ${py - uy}L${qx + ux} ${qy + uy}` });
  }

  /** Draw everything but the dot. */
  function scene(a, h, seen, width, height) {
    const place = scales(seen, width, height), { x, y, from, to, low, high, left, unit } = place;
    let drawn = "";
    for (const t of Kit.ticks(from, to, width < 400 ? 5 : 9)) {
      drawn += mark("path", { class: t ? "grid" : "axis", d: `M${x(t)} 22V${height - 20}` });
      if (x(t) > left - 8 && x(t) < width - 24) drawn += mark("text", { x: x(t), y: height - 5, "text-anchor": "middle" }, number(t));
    }
    for (const v of Kit.ticks(low, high, 5)) {
      drawn += mark("path", { class: v ? "grid" : "axis", d: `M${left} ${y(v)}H${width}` });
      drawn += mark("text", { x: left - 4, y: y(v) + 4, "text-anchor": "end" }, number(v));
    }
    drawn += mark("text", { class: "title", x: width - 4, y: height - 5, "text-anchor": "end" }, "a");
    if (from < 0) drawn += pieces(-1, place);
    if (to > 0) drawn += pieces(1, place);
    const here = run(a);
    if (!here.doublings) return drawn;
    const at = [x(a), y(here.value)];
    for (const step of [-h, h]) {
      const there = run(a + step).value;
      if (!Number.isFinite(there)) continue;
      drawn += through("secant", at, [x(a + step), y(there)], 0) + mark("circle", { class: "ring", cx: x(a + step), cy: y(there), r: 4 });
    }
    const ahead = y(here.value + here.slope / unit) - at[1];
    return drawn + through("tangent", at, [at[0] + 1, at[1] + ahead], 70);
  }

  /** Where the dot stands. */
  function dot(a, seen, width, height) {
    const { x, y } = scales(seen, width, height), { value, doublings } = run(a);
    return [x(a), doublings ? y(value) : y(0)];
  }

  /** The number under a place in the picture. */
  function under(px, seen, width) {
    const { from, to, left, unit } = scales(seen, width, 1);
    return { a: Math.max(from, Math.min(to, from + (px - left) / unit)), unit };
  }

  return { number, run, quotient, next, isJump, verdict, result, view, scene, dot, under };
})();

(() => {
  if (typeof document === "undefined") return;
  const { number } = Jump;
  const SMALL = 1e-5, FAR = 1e5;

  class Figure {
    constructor(figure) {
      this.find = (name) => figure.querySelector(`[data-is="${name}"]`);
      [this.svg, this.handle, this.field, this.wrong] = ["plot", "dot", "a", "wrong"].map(this.find);
      this.a = Number(figure.dataset.a);
      this.speak = Kit.speaker(this.find("told"));
      this.soon = Kit.soon(() => this.show());
      this.listen();
      Kit.fit(this.svg, () => this.show());
      this.show();
      figure.dataset.ready = "";
    }

    listen() {
      const { find } = this;
      find("h").addEventListener("input", () => this.soon());
      find("range").addEventListener("input", () => {
        find("h").value = Math.round(Math.log2(this.reach / 44)); // a step that can be seen
        this.soon();
      });
      Kit.typed(this.field, this.wrong, (value) => {
        const size = Math.abs(value);
        if (value === 0 || (size >= SMALL && size <= FAR)) this.move(value, this.field);
        else {
          Kit.doubt(this.field);
          this.wrong.textContent = "The figure shows 0 and the numbers whose size is from 10⁻⁵ to 10⁵.";
        }
      });
      Kit.keys(this.handle, (across, up) => this.step(across + up));
      this.field.addEventListener("keydown", (event) => {
        const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (way) event.preventDefault(), this.step(way);
      });
      Kit.drag(this.svg, (px) => this.pull(px));
      for (const way of [-1, 1]) find(way < 0 ? "back" : "on").addEventListener("click", () => {
        const jump = Jump.next(this.a, way);
        if (jump !== null && Math.abs(jump) >= SMALL) this.move(jump);
      });
      find("flip").addEventListener("click", () => this.move(-this.a));
    }

    get h() { return 2 ** Number(this.find("h").value); }
    get isBoth() { return this.find("range").value === "both"; }
    get reach() { return this.isBoth ? 700 : Number(this.find("range").value); }
    get seen() { return Jump.view(this.a, this.reach, this.isBoth); }

    /** Go to a round number so many steps away; one side of 0 stays on its side. */
    step(steps) {
      const unit = this.reach / 700, to = Math.round(this.a / unit + steps) * unit;
      if (this.isBoth || to * this.a > 0) this.move(Number(to.toPrecision(12)));
    }

    /** Follow the pointer, and hold on to a jump that is close. */
    pull(px) {
      const there = Jump.under(px, this.seen, this.svg.clientWidth), grain = this.reach / 700;
      let a = Number((Math.round(there.a / grain) * grain).toPrecision(12));
      if (!this.isBoth && !a) a = this.a < 0 ? -grain : grain;
      const close = a && [-1, 1].map((way) => Jump.next(a, way)).find((jump) => jump !== null && Math.abs(jump - a) * there.unit < 5 && Math.abs(jump) * there.unit > 20);
      this.handle.focus({ preventScroll: true });
      this.move(close || a);
    }

    /** Move a; the field in which it is typed stays as it is. */
    move(a, typed) {
      this.a = a || 0;
      if (!typed) {
        this.field.value = String(this.a).replace("-", "−");
        Kit.doubt(this.field, false);
        this.wrong.textContent = "";
      }
      this.soon();
    }

    /** Draw, write and say everything. */
    show() {
      const { a, h, svg, handle, seen, find } = this;
      const width = svg.clientWidth || 280, height = svg.clientHeight || 256;
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      find("scene").innerHTML = Jump.scene(a, h, seen, width, height);
      handle.setAttribute("transform", `translate(${Jump.dot(a, seen, width, height)})`);
      const result = Jump.result(a), verdict = Jump.verdict(a, h);
      handle.setAttribute("aria-valuemin", seen[0]);
      handle.setAttribute("aria-valuemax", seen[1]);
      handle.setAttribute("aria-valuenow", a);
      handle.setAttribute("aria-valuetext", `a is ${number(a)}. ${result}`);
      find("result").textContent = result;
      find("verdict").textContent = verdict;
      find("h-shown").textContent = number(h);
      find("h").setAttribute("aria-valuetext", number(h));
      find("back").disabled = !a || (Jump.next(a, -1) ?? 0) === 0;
      find("on").disabled = !a || (Jump.next(a, 1) ?? 0) === 0;
      this.speak(`${result}. ${verdict}`);
    }
  }

  for (const figure of document.querySelectorAll(".moving.jump")) new Figure(figure);
})();
