// The error of a difference quotient against its step: it grows on both sides of the best one.
//
// No number is computed here in float32: all come from the table in the page, which torch filled.
// What is drawn and said comes from functions without a browser, as the tests need it.
"use strict";
const Rounding = (() => {
  const { number, mark } = Kit;
  const LEFT = 48, LOW = -14, HIGH = 1.5;

  /** A power of two, to be read. */
  const power = (k) => Kit.power(2, -k);

  /** What the bend of the curve costs, and what rounding may cost, with the step 2⁻ᵏ. */
  function costs({ value, second, third, epsilon }, chosen, k) {
    const h = 2 ** -k, [kind, dtype] = chosen.split(" ");
    return { bend: kind === "forward" ? (Math.abs(second) / 2) * h : (Math.abs(third) / 6) * h * h, rounding: (epsilon[dtype] * Math.abs(value)) / h };
  }

  /** In how many of their first digits two numbers agree. */
  function agreeing(up, down) {
    let count = 0;
    for (let i = 0; i < Math.min(up.length, down.length) && up[i] === down[i]; i++) if (up[i] !== ".") count++;
    return count;
  }

  /** The step with the smallest error. */
  const best = (data, chosen) => data.series[chosen].reduce((a, b) => (b.error < a.error ? b : a));

  const find = (data, chosen, k) => data.series[chosen].find((each) => each.k === k);

  /** Say what came out at a step. */
  function result(data, chosen, k) {
    const { quotient, error } = find(data, chosen, k);
    return `h = ${power(k)} ≈ ${number(2 ** -k)}: the quotient is ${String(Number(quotient.toPrecision(8))).replace("-", "−")}, its error ${number(error)}.`;
  }

  /** Show the two values whose difference is taken. */
  function values(chosen, { up, down }) {
    const other = chosen.startsWith("forward") ? "F(2)" : "F(2 − h)";
    return `F(2 + h) = ${up} and ${other} = ${down}`;
  }

  /** Say where the error comes from. */
  function verdict(data, chosen, k) {
    const point = find(data, chosen, k), { bend, rounding } = costs(data, chosen, k), top = best(data, chosen), dtype = chosen.split(" ")[1];
    const [kind] = chosen.split(" "), shrinks = kind === "forward" ? "a half" : "a quarter";
    if (point.up === point.down) return `${values(chosen, point)}: in ${dtype} they are the same number, so the quotient is 0. The step has been lost in rounding.`;
    const digits = agreeing(point.up, point.down);
    const shared = digits === 1 ? " Their first digit agrees, and cancels." : digits ? ` Their first ${digits} digits agree, and cancel.` : "";
    const text = `${values(chosen, point)}.${shared} `;
    if (point.error === top.error) return `${text}No step comes closer: here the bend of the curve costs ${number(bend)}, and rounding up to about ${number(rounding)}.`;
    if (bend > rounding) return `${text}The curve bends between the two points, and that costs about ${number(bend)}. Half the step would cost ${shrinks} of it. The best step is ${power(top.k)}.`;
    return `${text}What is left is mostly rounding, which may cost as much as ${number(rounding)}, more the smaller the step. The best step is ${power(top.k)}.`;
  }

  /** The places of steps and errors in a picture of so many units. */
  function scales(data, width, height) {
    const ks = Object.values(data.series)[0].map((each) => each.k), last = Math.max(...ks);
    const x = (k) => LEFT + ((last + 1 - k) / (last + 1)) * (width - LEFT), floor = height - 24;
    const y = (error) => Math.max(8, Math.min(floor, 8 + ((HIGH - Math.log10(Math.max(error, 1e-99))) / (HIGH - LOW)) * (floor - 8)));
    const under = (px) => Math.max(1, Math.min(last, Math.round(last + 1 - ((px - LEFT) / (width - LEFT)) * (last + 1))));
    return { x, y, floor, last, under };
  }

  /** A line through the errors of a row, from step to step. */
  function line(kind, points, { x, y }) {
    const places = points.map(({ k, error }) => x(k).toFixed(1) + " " + y(error).toFixed(1));
    return mark("path", { class: kind, d: "M" + places.join("L") });
  }

  /** Draw everything but the dot. */
  function scene(data, chosen, k, width, height) {
    const place = scales(data, width, height), { x, y, floor } = place;
    let drawn = "";
    for (const p of [-15, -12, -9, -6, -3]) {
      const px = x(-p / Math.log10(2));
      drawn += mark("path", { class: "grid", d: `M${px} 8V${floor}` }) + mark("text", { x: px, y: height - 7, "text-anchor": "middle" }, number(10 ** p).replace("1·", ""));
    }
    for (const p of [-12, -9, -6, -3, 0]) {
      drawn += mark("path", { class: "grid", d: `M${LEFT} ${y(10 ** p)}H${width}` });
      drawn += mark("text", { x: LEFT - 5, y: y(10 ** p) + 4, "text-anchor": "end" }, number(10 ** p).replace("1·", ""));
    }
    for (const [name, points] of Object.entries(data.series)) if (name !== chosen) drawn += line("level", points, place);
    const points = data.series[chosen];
    for (const cost of ["bend", "rounding"]) {
      const costing = points.map((each) => ({ k: each.k, error: costs(data, chosen, each.k)[cost] }));
      drawn += line("secant", costing.filter(({ error }) => error < 10 ** HIGH && error > 10 ** LOW), place);
    }
    drawn += line("curve", points, place) + points.map((each) => mark("circle", { class: "full", cx: x(each.k), cy: y(each.error), r: 2.5 })).join("");
    drawn += mark("path", { class: "tangent", d: `M${x(k)} ${floor}V${floor - 10}` });
    return drawn + mark("text", { class: "title", x: width - 4, y: height - 7, "text-anchor": "end" }, "h") + mark("text", { class: "title", x: LEFT + 6, y: 20 }, "error");
  }

  /** Where the dot stands. */
  function dot(data, chosen, k, width, height) {
    const { x, y } = scales(data, width, height);
    return [x(k), y(find(data, chosen, k).error)];
  }

  return { power, costs, agreeing, best, result, verdict, scales, scene, dot };
})();

(() => {
  if (typeof document === "undefined") return;

  /** Take the numbers out of the table. */
  function read(figure) {
    const { value, second, third, float32, float64 } = figure.dataset, series = {};
    for (const cell of figure.querySelectorAll("td[data-series]")) {
      const { series: name, k, quotient, error, up, down } = cell.dataset;
      (series[name] ??= []).push({ k: Number(k), quotient: Number(quotient), error: Number(error), up, down });
    }
    return { value: Number(value), second: Number(second), third: Number(third), epsilon: { float32: Number(float32), float64: Number(float64) }, series };
  }

  for (const figure of document.querySelectorAll(".moving.rounding")) {
    const find = (name) => figure.querySelector(`[data-is="${name}"]`), data = read(figure);
    const chosen = () => `${find("kind").value} ${find("dtype").value}`;
    // The dot goes along the exponent of h, which is −k.
    const move = Kit.stepper(figure, {
      scene: (at, ...size) => Rounding.scene(data, chosen(), -at, ...size),
      dot: (at, ...size) => Rounding.dot(data, chosen(), -at, ...size),
      under: (px, width) => -Rounding.scales(data, width, 280).under(px),
      say: (at) => [Rounding.result(data, chosen(), -at), Rounding.verdict(data, chosen(), -at)],
    });
    find("best").addEventListener("click", () => move(-Rounding.best(data, chosen()).k));
  }
})();
