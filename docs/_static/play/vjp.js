// What v does: a map from the plane to the plane, and the row vᵀJ that comes back through it.
//
// The first part computes and draws as text, so that the page can be written by it too, without a
// browser. The second lets the reader move x, v and t. The state is the map and these three.
"use strict";
const Vjp = (() => {
  const { number } = Kit;
  const SIZE = 300; // of a picture, in its own units
  const LEFT = 2.5; // how far the plane of the inputs reaches
  const UNIT = 32; // a v of length 1
  const EDGE = 8;

  /** Each map: how it is written, how far its plane reaches, the step between level lines, F and its Jacobian. */
  const MAPS = {
    fold: {
      y: "(x₁·x₂, x₁ + x₂)", torch: "x1 * x2, x1 + x2", reach: 4.5, step: 1,
      F: ([a, b]) => [a * b, a + b],
      J: ([a, b]) => [[b, a], [1, 1]],
    },
    turn: {
      y: "(x₁ − x₂, x₁/2 + x₂)", torch: "x1 - x2, x1 / 2 + x2", reach: 4.5, step: 1,
      F: ([a, b]) => [a - b, a / 2 + b],
      J: () => [[1, -1], [0.5, 1]],
    },
    square: {
      y: "(x₁² − x₂², 2·x₁·x₂)", torch: "x1**2 - x2**2, 2 * x1 * x2", reach: 8.5, step: 2,
      F: ([a, b]) => [a * a - b * b, 2 * a * b],
      J: ([a, b]) => [[2 * a, -2 * b], [2 * b, 2 * a]],
    },
    polar: {
      y: "(x₁·cos x₂, x₁·sin x₂)", torch: "x1 * torch.cos(x2), x1 * torch.sin(x2)", reach: 2.5, step: 0.5,
      F: ([a, b]) => [a * Math.cos(b), a * Math.sin(b)],
      J: ([a, b]) => [[Math.cos(b), -a * Math.sin(b)], [Math.sin(b), a * Math.cos(b)]],
    },
  };

  const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
  const times = (k, a) => a.map((entry) => k * entry);
  const plus = (a, b) => a.map((entry, i) => entry + b[i]);
  const isZero = (a) => Math.hypot(...a) < 1e-9;
  const isEqual = (a, b) => isZero(plus(a, times(-1, b)));
  const short = (n) => number(Number(n.toFixed(3)));
  const pair = (a) => `(${a.map(short).join(", ")})`;

  /** All numbers of the figure: what goes forward, and what comes back. */
  function compute({ map, x, v, t }) {
    const y = MAPS[map].F(x), J = MAPS[map].J(x);
    const rows = J.map((row, i) => times(v[i], row));
    const g = plus(...rows), Jt = J.map((row) => dot(row, t));
    return { y, J, rows, g, Jt, there: dot(v, Jt), back: dot(g, t) };
  }

  /** The sentence below the planes, and what it means. */
  function say(state) {
    const { x, v } = state, { y, g } = compute(state);
    const result = `At x = ${pair(x)}, F(x) = ${pair(y)}. With v = ${pair(v)}, x.grad = vᵀJ = ${pair(g)}.`;
    if (isZero(v)) return [result, "v is zero, so you ask about nothing, and nothing comes back."];
    if (isZero(g)) return [result, "Nothing comes back: here no small step of x changes v·y, to first order."];
    if (isEqual(v, [1, 0])) return [result, "v asks for y₁ alone, so the first row of J comes back as it stands."];
    if (isEqual(v, [0, 1])) return [result, "v asks for y₂ alone, so the second row of J comes back as it stands."];
    return [result, "On the left, vᵀJ stands at right angles to the thick level line, and points to where v·y is larger."];
  }

  /** A program for torch that prints what the figure shows. */
  function program({ map, x, v, t, forward }) {
    const float = (n) => (Number.isInteger(n) ? n.toFixed(1) : String(n));
    const tensor = (a) => `torch.tensor([${a.map(float).join(", ")}]`;
    const lines = [
      "import torch",
      "",
      "def F(x):",
      "    x1, x2 = x",
      `    return torch.stack([${MAPS[map].torch}])`,
      "",
      `x = ${tensor(x)}, dtype=torch.float64, requires_grad=True)`,
      `v = ${tensor(v)}, dtype=torch.float64)`,
      "F(x).backward(v)",
      "print(x.grad)",
    ];
    const onward = [
      "",
      `t = ${tensor(t)}, dtype=torch.float64)`,
      "y, Jt = torch.func.jvp(F, (x.detach(),), (t,))",
      "print(Jt, v @ Jt, x.grad @ t)",
    ];
    return [...lines, ...(forward ? onward : [])].join("\n");
  }

  /** What can be reached; none is at the beginning. */
  const GOALS = {
    row: ({ J, g }) => isEqual(g, J[0]) && !isZero(g),
    right: ({ g }) => g[0] > 0.1 && Math.abs(g[1]) < 1e-9,
    none: ({ g }, { v }) => isZero(g) && Math.hypot(...v) > 0.1,
  };

  const QUESTIONS = [
    { map: "fold", x: [2, -1], v: [2, 3], t: [0, 0] },
    { map: "square", x: [1, 1], v: [-1, 2], t: [0, 0] },
    { map: "fold", x: [-1, 2], v: [3, -1], t: [0, 0] },
  ];
  /** A question in words. */
  function ask(question) {
    const { map, x, v } = question, { J } = compute(question);
    return `y = ${MAPS[map].y} at x = ${pair(x)}: the rows of J are ${pair(J[0])} and ${pair(J[1])}. After y.backward(v) with v = ${pair(v)}, what does x.grad hold?`;
  }
  /** Wrong answers, each with the thought behind it; it never says the right one. */
  function mistakes(question) {
    const { v } = question, { J: [first, second], rows, g } = compute(question);
    const [p, q] = v, sum = plus(first, second);
    return [
      [[dot(first, v), dot(second, v)], "This is J v: it sends v forward, as if it belonged to the inputs. backward takes v from the left, so each row of J is multiplied by its own entry of v."],
      [sum, "This is the sum of the two rows, as if v were (1, 1). Here the rows do not count alike: multiply each by its entry of v first."],
      [rows[0], "This is the first row times its entry of v. But x reaches y₂ too, so the second row has to come back as well, and be added."],
      [rows[1], "This is the second row times its entry of v. But x reaches y₁ too, so the first row has to come back as well, and be added."],
      [first, "This is the first row of J, the answer to v = (1, 0). This v asks about both outputs."],
      [second, "This is the second row of J, the answer to v = (0, 1). This v asks about both outputs."],
      [plus(times(q, first), times(p, second)), "Here the entries of v have changed places: v₁ belongs to the first row, v₂ to the second."],
      [[p * first[0], q * second[1]], "Here only the diagonal of J counted, as if each output depended on one input. Look at the other two entries too."],
      [[p * sum[0], q * sum[1]], "Here the rows were added first, and v was multiplied in entry by entry. But v belongs to the outputs: multiply the rows by it, then add."],
      [[g[1], g[0]], "The two numbers are right, but they have changed places: the first entry of x.grad belongs to x₁."],
      [v, "This is v itself, before it has come back through J."],
      [times(-1, g), "The sign is turned around; otherwise this is it."],
    ];
  }
  /** Say what is thought of an answer: whether it is right, and why. */
  function judge(question, said) {
    const { g } = compute(question), [p, q] = question.v;
    const is = (a) => Math.abs(a[0] - said[0]) < 0.005 && Math.abs(a[1] - said[1]) < 0.005;
    if (is(g)) return [true, `Right: ${short(p)} times the first row and ${short(q)} times the second, added up.`];
    const found = mistakes(question).find(([wrong]) => is(wrong));
    if (found) return [false, found[1]];
    for (const [i, other, one] of [[0, "second", "first"], [1, "first", "second"]])
      if (Math.abs(g[i] - said[i]) < 0.005)
        return [false, `The ${one} entry is right, the ${other} is not yet. Go down the ${other} column of J, and multiply each number by the entry of v beside it.`];
    return [false, "Not yet. Write the two rows of J down, multiply each by its entry of v, and add them."];
  }

  const show = (point) => point.map((at) => Number(at.toFixed(1))).join(" ");
  const line = (points) => `M${points.map(show).join(" ")}`;
  const path = (kind, d) => `<path class="${kind}" d="${d}"/>`;
  const text = ([x, y], kind, words) => `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}">${words}</text>`;
  const near = (at, far) => Math.max(far, Math.min(SIZE - far, at));

  /** Where a point of a plane is in its picture. */
  const scale = (reach) => ([a, b]) => [(1 + a / reach) * SIZE / 2, (1 - b / reach) * SIZE / 2];

  /** A grid of the inputs, from a corner on, as a map and a scale show it. */
  function mesh([left, low], width, count, place, samples = 20) {
    const at = (i) => (width * i) / count, parts = Array.from({ length: samples + 1 }, (_, i) => (width * i) / samples);
    return Array.from({ length: count + 1 }, (_, i) =>
      line(parts.map((s) => place([left + s, low + at(i)]))) + line(parts.map((s) => place([left + at(i), low + s])))).join("");
  }

  /** The lines on which a function of a plane has one value, found cell by cell and joined. */
  function contour(heights, reach, level) {
    const count = heights.length - 1, place = scale(reach), next = new Map();
    for (let i = 0; i < count; i++)
      for (let j = 0; j < count; j++) {
        const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], cuts = [];
        corners.forEach((a, k) => {
          const b = corners[(k + 1) % 4], s = heights[a[0]][a[1]] - level, t = heights[b[0]][b[1]] - level;
          if (s < 0 === t < 0) return;
          const at = a.map((from, n) => reach * (2 * (from + (b[n] - from) * s / (s - t)) / count - 1));
          cuts.push([s < 0, show(place(at))]);
        });
        // A line enters a cell where the values rise, and leaves it where they fall.
        for (let k = 0; k < cuts.length; k += 2) {
          const [one, two] = [cuts[k], cuts[k + 1]], [start, end] = one[0] ? [one, two] : [two, one];
          if (start[1] !== end[1]) next.set(start[1], [...(next.get(start[1]) ?? []), end[1]]);
        }
      }
    // Lines that begin at the border come first; what is left runs in circles.
    const ends = new Set([...next.values()].flat()), starts = [...next.keys()].sort((a, b) => ends.has(a) - ends.has(b));
    let d = "";
    for (const start of starts)
      while (next.get(start).length) {
        d += `M${start}`;
        for (let at = start, to; (to = next.get(at)?.pop()); at = to) d += ` ${to}`;
      }
    return d;
  }

  /** The level lines of v·y in a plane: equal steps, and the thick one through the point. */
  function levels(height, reach, count, step, here) {
    const at = Array.from({ length: count + 1 }, (_, i) => reach * (2 * i / count - 1));
    const heights = at.map((a) => at.map((b) => height([a, b])));
    const most = Math.floor(Math.max(...heights.flat().map(Math.abs)) / step);
    const all = Array.from({ length: 2 * most + 1 }, (_, i) => contour(heights, reach, (i - most) * step));
    return path("levels", all.join("")) + path("level", contour(heights, reach, here));
  }

  /** Where an arrow ends: at the edge, if it is too long for the picture. */
  function tip([x, y], [dx, dy]) {
    const room = (at, by) => (by > 0 ? SIZE - EDGE - at : EDGE - at) / by;
    const share = Math.min(1, dx ? room(x, dx) : 1, dy ? room(y, dy) : 1);
    return { share, end: [x + share * dx, y + share * dy] };
  }

  /** An arrow with its name; dashed, where it is longer than can be shown. */
  function arrow(from, by, kind, name) {
    const { share, end: [x, y] } = tip(from, by), size = Math.hypot(...by);
    if (size < 1) return text([near(from[0], 40), near(from[1] - 14, 16)], kind, isZero(by) ? `${name} = 0` : name);
    const [a, b] = times(1 / size, by);
    return path(share < 1 ? `${kind} cut` : kind, line([from, [x - 8 * a, y - 8 * b]])) +
      path(`${kind} head`, `${line([[x, y], [x - 12 * a - 5.5 * b, y - 12 * b + 5.5 * a], [x - 12 * a + 5.5 * b, y - 12 * b - 5.5 * a]])}z`) +
      text([near(x + 19 * a, 10 + 6 * name.length), near(y + 17 * b, 12) + 5], kind, name);
  }

  /** What lies below everything else: axes, their numbers, and the name of the plane. */
  function axes(name, reach) {
    const place = scale(reach), step = reach < 3 ? 1 : reach < 6 ? 2 : 4, marks = [-2 * step, -step, step, 2 * step];
    return path("axis", `M0 ${SIZE / 2}H${SIZE}M${SIZE / 2} 0V${SIZE}`) +
      marks.map((at) => text([place([at, 0])[0], SIZE / 2 + 17], "tick", number(at)) + text([SIZE / 2 - 14, place([0, at])[1] + 5], "tick", number(at))).join("") +
      text([SIZE - 14, SIZE / 2 - 7], "tick", `${name}₁`) + text([SIZE / 2 + 16, 15], "tick", `${name}₂`);
  }

  /** The two pictures as text of SVG, and where what can be dragged is. */
  function scene(state) {
    const { map, x, v, t, forward } = state, { F, reach, step } = MAPS[map];
    const { y, g, Jt } = compute(state);
    const [left, right] = [scale(LEFT), scale(reach)], through = (point) => right(F(point));
    const [p, q] = [left(x), right(y)], corner = [x[0] - 0.4, x[1] - 0.4], all = [-2, -2];
    // An arrow of the reader's plane points up; one of a picture, down. Half of its length is drawn of t and J t.
    const dual = ([a, b]) => [a * UNIT, -b * UNIT], along = ([a, b], far) => [a * SIZE / far / 4, -b * SIZE / far / 4];
    const back = dual(g), size = Math.hypot(...back);
    const [a, b] = size < 1 ? [0, 0] : times(15 / size, back);
    const square = size < 24 ? "" : path("square", line([[p[0] + a, p[1] + b], [p[0] + a - b, p[1] + b + a], [p[0] - b, p[1] + a]]));
    const point = ([cx, cy]) => `<circle class="dot" cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="6"/>`;
    const here = dot(v, y), height = (at) => dot(v, at);
    return {
      left: axes("x", LEFT) + path("grid", mesh(all, 4, 8, left, 1)) + levels((at) => height(F(at)), LEFT, 24, step, here) + path("patch", mesh(corner, 0.8, 4, left, 1)) +
        square + (forward ? arrow(p, along(t, LEFT), "there", "t") : "") + arrow(p, back, "back", "vᵀJ") + point(p),
      right: axes("y", reach) + path("grid", mesh(all, 4, 8, through)) + levels(height, reach, 1, step, here) + path("patch", mesh(corner, 0.8, 4, through, 8)) +
        (forward ? arrow(q, along(Jt, reach), "there", "J t") : "") + arrow(q, dual(v), "back", "v") + point(q),
      at: { x: p, v: tip(q, dual(v)).end, t: tip(p, along(t, LEFT)).end },
    };
  }
  /** The state to which a pointer asks to move: the inverse of the scales above. */
  function pointed(state, name, [px, py]) {
    const from = scene(state).at.x, q = scale(MAPS[state.map].reach)(compute(state).y);
    if (name === "x") return [(px * 2 / SIZE - 1) * LEFT, (1 - py * 2 / SIZE) * LEFT];
    if (name === "v") return [(px - q[0]) / UNIT, (q[1] - py) / UNIT];
    return [(px - from[0]) * 4 * LEFT / SIZE, (from[1] - py) * 4 * LEFT / SIZE];
  }

  return { MAPS, GOALS, QUESTIONS, compute, say, program, ask, judge, mistakes, scene, pointed, short, pair };
})();

(() => {
  const REACH = 2; // of each number that can be moved
  const STEP = 0.05;
  const NAMES = { x: "the point x", v: "the tip of v", t: "the tip of t" };
  const limited = (n) => Math.max(-REACH, Math.min(REACH, n));

  class Figure {
    constructor(figure) {
      this.find = (name) => figure.querySelector(`[data-is="${name}"]`);
      this.all = (name) => [...figure.querySelectorAll(`[data-${name}]`)];
      this.done = new Set();
      this.speak = Kit.speaker(this.find("told"));
      this.soon = Kit.soon(() => this.show());
      this.handles = { x: this.handle("left", "x"), t: this.handle("left", "t"), v: this.handle("right", "v") };
      this.options = [...this.find("map").options];
      this.listen();
      if (this.find("quiz")) this.quiz();
      this.choose();
      if (this.find("copy")) this.share();
    }

    /** Make what can be dragged: it can be reached and moved by keys, too. */
    handle(side, name) {
      const svg = this.find(side);
      svg.setAttribute("role", "group");
      const group = Kit.draw(svg, "g", { class: "handle", role: "slider", tabindex: 0, "aria-label": NAMES[name], "aria-valuemin": -REACH, "aria-valuemax": REACH });
      Kit.draw(group, "circle", { class: "hit", r: 24 });
      Kit.draw(group, "circle", { class: "ring", r: 10 });
      Kit.keys(group, (...by) => this.move(name, this.state[name].map((n, i) => n + by[i] * 2 * STEP)));
      return group;
    }

    listen() {
      const { find } = this;
      find("map").addEventListener("change", () => this.choose());
      find("forward").addEventListener("change", () => {
        this.state.forward = find("forward").checked;
        this.show();
      });
      for (const field of this.all("entry")) {
        const [name, i] = field.dataset.entry;
        Kit.typed(field, find("wrong"), (value) => {
          if (Math.abs(value) <= REACH) return this.move(name, this.state[name].map((n, j) => (j === i - 1 ? value : n)), field);
          Kit.doubt(field);
          find("wrong").textContent = "The picture has room for numbers from −2 to 2.";
        });
        field.addEventListener("change", () => field.hasAttribute("aria-invalid") || this.fill());
      }
      for (const [side, names] of [["left", ["x", "t"]], ["right", ["v"]]]) {
        let held;
        const far = (name, place) => Math.hypot(...Vjp.scene(this.state).at[name].map((at, i) => at - place[i]));
        const move = (...place) => this.move(held, Vjp.pointed(this.state, held, place).map((n) => Math.round(n / STEP) * STEP));
        Kit.drag(find(side), move, ({ pointerType }, ...place) => {
          // Beside the handles a finger scrolls the page.
          const shown = this.state.forward ? [...names].reverse() : names.slice(0, 1);
          held = shown.find((name) => far(name, place) < 26) ?? names[0];
          if (pointerType === "touch" && far(held, place) > 36) return false;
          this.handles[held].focus({ preventScroll: true });
          return true;
        });
      }
    }

    /** Take the chosen map, and the point and the v that go with it. */
    choose() {
      const { map, x, v, t, look } = this.options[this.find("map").selectedIndex].dataset;
      const read = (text) => text.split(",").map(Number);
      this.take({ map, x: read(x), v: read(v), t: read(t), forward: this.find("forward").checked });
      this.find("look").textContent = look;
    }

    take(state) {
      this.state = state;
      this.find("forward").checked = state.forward;
      this.fill();
      this.show();
    }

    /** Move x, v or t; the field in which it is typed stays as it is. */
    move(name, to, typed) {
      this.state[name] = to.map((n) => Number(limited(n).toFixed(10)) + 0);
      this.fill(typed);
      this.soon();
    }

    /** Write the state into the fields. */
    fill(except) {
      for (const field of this.all("entry")) {
        const [name, i] = field.dataset.entry;
        if (field === except) continue;
        field.value = String(this.state[name][i - 1]).replace("-", "−");
        Kit.doubt(field, false);
      }
      if (!except) this.find("wrong").textContent = "";
    }

    /** Draw and write everything. */
    show() {
      const { state, find } = this, { short, pair } = Vjp;
      const { left, right, at } = Vjp.scene(state), found = Vjp.compute(state);
      find("left-scene").innerHTML = left;
      find("right-scene").innerHTML = right;
      for (const [name, group] of Object.entries(this.handles)) {
        group.setAttribute("transform", `translate(${at[name].map((n) => n.toFixed(1)).join(" ")})`);
        group.setAttribute("aria-valuenow", state[name][0]);
        group.setAttribute("aria-valuetext", state[name].map((n, i) => `${name}${"₁₂"[i]} = ${short(n)}`).join(", "));
        if (name === "t") group.style.display = state.forward ? "" : "none";
      }
      for (const cell of this.all("cell")) {
        const [name, i, j] = cell.dataset.cell.split(".");
        const exact = j ? found[name][i][j] : { ...state, ...found }[name][i];
        cell.textContent = short(exact);
        cell.dataset.exact = exact;
      }
      const [result, meaning] = Vjp.say(state);
      find("result").textContent = result;
      find("meaning").textContent = meaning;
      find("formula").textContent = `y = ${Vjp.MAPS[state.map].y}`;
      find("tangent").hidden = find("pairing").hidden = !state.forward;
      find("pairing").textContent = `t = ${pair(state.t)} goes to J t = ${pair(found.Jt)}. Both ways give one number: vᵀ(J t) = ${short(found.there)} and (vᵀJ) t = ${short(found.back)}.`;
      find("code").textContent = Vjp.program(state);
      const reached = this.all("goal").filter(({ dataset: { goal } }) => !this.done.has(goal) && Vjp.GOALS[goal](found, state));
      for (const item of reached) {
        this.done.add(item.dataset.goal);
        item.classList.add("done");
        item.querySelector(".unseen").textContent = "Reached: ";
      }
      this.news = [...(this.news ?? []), ...reached.map((item) => item.textContent)];
      this.speak(`${this.news.join(" ")} ${result} ${state.forward ? find("pairing").textContent : meaning}`.trim());
      clearTimeout(this.resting);
      this.resting = setTimeout(() => {
        this.news = [];
        this.keep?.();
      }, 800);
    }

    /** Ask, and answer an answer: by the thought behind it, and not by what is right. */
    quiz() {
      const { find } = this, fields = [find("guess1"), find("guess2")];
      let round = 0;
      const answer = (words, isRight) => {
        find("answer").textContent = words;
        find("answer").className = isRight ? "right" : "";
      };
      find("quiz").addEventListener("submit", (event) => {
        event.preventDefault();
        const said = fields.map((field) => Kit.readNumber(field.value)), wrong = said.indexOf(null);
        fields.forEach((field, i) => Kit.doubt(field, said[i] === null));
        if (wrong >= 0) {
          fields[wrong].focus();
          return answer(fields[wrong].value.trim() ? Kit.noNumber(fields[wrong].value) : "Write a number into each of the two fields.");
        }
        const [isRight, words] = Vjp.judge(Vjp.QUESTIONS[round], said);
        answer(words, isRight);
      });
      find("reveal").addEventListener("click", () => {
        const question = Vjp.QUESTIONS[round], { rows, g } = Vjp.compute(question);
        answer(`x.grad = ${Vjp.pair(rows[0])} + ${Vjp.pair(rows[1])} = ${Vjp.pair(g)}: each row of J times its entry of v, added up.`);
      });
      find("another").addEventListener("click", () => {
        round = (round + 1) % Vjp.QUESTIONS.length;
        find("question").textContent = Vjp.ask(Vjp.QUESTIONS[round]);
        for (const field of fields) {
          field.value = "";
          Kit.doubt(field, false);
        }
        answer("");
        fields[0].focus();
      });
    }

    /** Keep the state in the address, but not before something has changed; and take it from there. */
    share() {
      let last;
      const hash = () => {
        const { map, x, v, t, forward } = this.state;
        return `#${new URLSearchParams({ map, x, v, ...(forward && { t }) })}`;
      };
      this.keep = (isAsked = false) => {
        if (hash() === last && !isAsked) return;
        last = hash();
        history.replaceState(history.state, "", last);
      };
      const restore = () => {
        const given = new URLSearchParams(location.hash.slice(1));
        const chosen = this.options.findIndex((option) => option.dataset.map === given.get("map"));
        if (chosen < 0) return;
        this.find("map").selectedIndex = chosen;
        this.choose();
        const state = { ...this.state, forward: given.has("t") };
        for (const name of ["x", "v", "t"]) {
          const read = (given.get(name) ?? "").split(",").map((part) => Kit.readNumber(part) ?? NaN);
          if (read.length === 2 && !read.some(Number.isNaN)) state[name] = read.map(limited);
        }
        this.take(state);
        last = hash();
      };
      this.find("copy").addEventListener("click", async () => {
        this.keep(true);
        await Kit.copy(location.href);
        this.find("copied").textContent = "The link is copied.";
        setTimeout(() => (this.find("copied").textContent = ""), 4000);
      });
      addEventListener("hashchange", () => location.hash !== last && restore());
      last = hash();
      restore();
    }
  }

  if (typeof document === "undefined") globalThis.Vjp = Vjp;
  else for (const figure of document.querySelectorAll(".moving.vjp")) new Figure(figure);
})();
