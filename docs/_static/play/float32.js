// Where F and its slope leave the range of float32: shaded, with the operation that is to blame.
//
// No number is computed here in float32: all come from the table in the page, which torch filled.
"use strict";
const Float32 = (() => {
  const { number, power, mark } = Kit;
  const LEFT = 48, TOP = 24, LOW = -3, HIGH = 77;
  const END = "float32 ends just below 2¹²⁸, which is about 3.4·10³⁸";

  const find = (rows, p) => rows.find((row) => row.p === p);

  /** How the slope comes out: as a number, or as what is none. */
  const kind = (slope) => (Number.isNaN(slope) ? "NaN" : Number.isFinite(slope) ? "" : "∞");

  /** Say what came out. */
  function result(rows, formula, p) {
    const { right, [formula]: { slope } } = find(rows, p);
    return `x = ${power(2, p)} ≈ ${number(2 ** p)}: F′ is ${number(slope)} in float32, and ${number(right)} in float64.`;
  }

  /** Say why. */
  function verdict(rows, formula, p) {
    const { square, right, [formula]: { value, slope } } = find(rows, p);
    if (formula === "written" && square === 0)
      return `x² would be ${power(2, 2 * p)}. That is too small for float32, so it becomes 0, and the logarithm of it, −∞, makes F ${number(value)}. On the way back the logarithm divides by that 0 and sends ∞. The other two messages are −∞, and the sum is NaN.`;
    if (formula === "written" && square === Infinity)
      return `x² would be ${power(2, 2 * p)}, but ${END}, so it becomes ∞, and with it the logarithm and F. On the way back the logarithm divides by ∞ and sends 0. But the sine was multiplied by ∞, so it sends back ∞ times the cosine, and F′ is ${number(slope)}.`;
    if (kind(slope)) return `F is ${number(value)}, as it should be. But F′ itself is about ${number(right)}, and ${END}. No other formula helps here, only a wider dtype.`;
    const error = Math.abs(slope / right - 1), count = Math.min(7, Math.floor(-Math.log10(error)));
    const why = formula === "mended" && p >= 64 ? "There is no x² that could become ∞" : "Every value and every message has its place in float32";
    return `${why}. F′ is right to about ${count} digits.`;
  }

  /** The places of x and F′ in a picture of so many units. */
  function scales(rows, width, height) {
    const first = rows[0].p, last = rows.at(-1).p, unit = (width - LEFT) / (last - first + 1), floor = height - 24;
    const x = (p) => LEFT + (p - first + 0.5) * unit;
    const y = (slope) => {
      const size = Math.log10(Math.abs(slope));
      return Number.isFinite(size) ? floor - ((Math.max(LOW, size) - LOW) / (HIGH - LOW)) * (floor - TOP) : TOP;
    };
    const under = (px) => Math.max(first, Math.min(last, Math.round((px - LEFT) / unit - 0.5) + first));
    return { x, y, floor, unit, under };
  }

  /** Shade each stretch in which there is no number, and say what there is instead. */
  function broken(rows, formula, { x, y, floor, unit }) {
    let drawn = "", start = 0;
    for (let i = 1; i <= rows.length; i++) {
      const here = kind(rows[start][formula].slope);
      if (i < rows.length && kind(rows[i][formula].slope) === here) continue;
      if (here) {
        const left = x(rows[start].p) - unit / 2, width = (i - start) * unit;
        drawn += mark("rect", { class: "broken", x: left, y: 8, width, height: floor - 8 });
        drawn += mark("text", { class: "title", x: left + width / 2, y: y(10 ** 18), "text-anchor": "middle" }, here);
      }
      start = i;
    }
    return drawn;
  }

  /** Draw everything but the dot. */
  function scene(rows, formula, p, width, height) {
    const place = scales(rows, width, height), { x, y, floor } = place;
    let drawn = broken(rows, formula, place);
    for (const e of [-30, -20, -10, 0, 10, 20, 30]) {
      const px = x(e / Math.log10(2));
      drawn += mark("path", { class: "grid", d: `M${px} 8V${floor}` });
      if (width >= 400 || e % 20 === 0) drawn += mark("text", { x: px, y: height - 7, "text-anchor": "middle" }, e ? power(10, e) : "1");
    }
    for (const e of [0, 20, 40, 60]) {
      drawn += mark("path", { class: "grid", d: `M${LEFT} ${y(10 ** e)}H${width}` });
      drawn += mark("text", { x: LEFT - 5, y: y(10 ** e) + 4, "text-anchor": "end" }, e ? power(10, e) : "1");
    }
    drawn += mark("path", { class: "secant", d: `M${LEFT} ${y(2 ** 128)}H${width}` });
    drawn += mark("text", { x: width - 6, y: y(2 ** 128) - 6, "text-anchor": "end" }, "the end of float32");
    const line = (row) => `${x(row.p).toFixed(1)} ${y(row.right).toFixed(1)}`;
    drawn += mark("path", { class: "curve", d: "M" + rows.map(line).join("L") });
    drawn += mark("path", { class: "tangent", d: `M${x(p)} ${floor}V${floor - 10}` });
    return drawn + mark("text", { class: "title", x: width - 4, y: height - 7, "text-anchor": "end" }, "x") + mark("text", { class: "title", x: LEFT + 6, y: 20 }, "|F′|");
  }

  /** Where the dot stands: on the line, also where float32 leaves it. */
  function dot(rows, formula, p, width, height) {
    const { x, y } = scales(rows, width, height);
    return [x(p), y(find(rows, p).right)];
  }

  return { kind, result, verdict, scales, scene, dot };
})();

(() => {
  if (typeof document === "undefined") return;

  /** Take the numbers out of the table. */
  function read(figure) {
    const numbers = (names, data) => Object.fromEntries(names.map((name) => [name, Number(data[name])]));
    return [...figure.querySelectorAll("tr[data-p]")].map((row) => {
      const cells = [...row.querySelectorAll("[data-formula]")].map(({ dataset }) => [dataset.formula, numbers(["value", "slope"], dataset)]);
      return { ...numbers(["p", "square", "right"], row.dataset), ...Object.fromEntries(cells) };
    });
  }

  for (const figure of document.querySelectorAll(".moving.float32")) {
    const rows = read(figure), formula = () => figure.querySelector("select").value;
    Kit.stepper(figure, {
      scene: (at, ...size) => Float32.scene(rows, formula(), at, ...size),
      dot: (at, ...size) => Float32.dot(rows, formula(), at, ...size),
      under: (px, width) => Float32.scales(rows, width, 280).under(px),
      say: (at) => [Float32.result(rows, formula(), at), Float32.verdict(rows, formula(), at)],
    });
  }
})();
