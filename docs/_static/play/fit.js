// A network while it is trained: points, the curve that comes to fit them, and the loss.
//
// Nothing is trained here: the table in the page holds what torch did, step by step.
"use strict";
const Fit = (() => {
  const { number, mark } = Kit;
  const LEFT = 48, TOP = 12;

  /** Say how far the training has come. */
  function result({ frames }, at) {
    const { step, loss } = frames[at];
    return step ? `After ${step} ${step === 1 ? "step" : "steps"} the loss is ${number(loss)}.` : `Before the first step the loss is ${number(loss)}.`;
  }

  /** Say what one sees. */
  function verdict({ frames }, at) {
    const { step, loss } = frames[at], share = loss / frames[0].loss;
    if (!step) return "This is the first guess: the parameters are random numbers, and nothing has been learned.";
    if (share > 1) return "The loss is larger than at the start: this step was too long.";
    const part = share > 0.995 ? "hardly less than" : `${number(100 * share)} % of`;
    return `That is ${part} what it was at the start. Every step has moved each parameter a little, against its gradient.`;
  }

  /** The places of points and losses in a picture of so many units. */
  function scales({ x, target, frames }, width, height) {
    const inner = width - LEFT - 14, seen = [...target, ...frames[0].fit];
    const low = Math.min(...seen), high = Math.max(...seen), room = 0.1 * (high - low);
    const half = Math.round(height * 0.58), floor = height - 24, from = half + 26;
    const across = (v) => LEFT + 7 + ((v - x[0]) / (x.at(-1) - x[0])) * inner;
    const up = (v) => half - ((Math.max(low - room, Math.min(high + room, v)) - low + room) / (high - low + 2 * room)) * (half - TOP);
    const losses = frames.map(({ loss }) => Math.log10(loss)), least = Math.min(...losses), most = Math.max(...losses);
    const along = (at) => LEFT + 7 + (at / (frames.length - 1)) * inner;
    const loss = (v) => floor - 4 - ((Math.log10(v) - least) / (most - least || 1)) * (floor - 4 - from);
    const under = (px) => Math.max(0, Math.min(frames.length - 1, Math.round(((px - LEFT - 7) / inner) * (frames.length - 1))));
    return { across, up, along, loss, under, half, floor, from, low, high, room, least, most };
  }

  const line = (kind, places) => mark("path", { class: kind, d: "M" + places.map((place) => place.map((n) => n.toFixed(1)).join(" ")).join("L") });

  /** Draw everything but the dot. */
  function scene(data, at, width, height) {
    const place = scales(data, width, height), { across, up, along, loss, half, floor, from } = place, { x, target, frames } = data, { fit } = frames[at];
    let drawn = "";
    for (const v of Kit.ticks(place.low - place.room, place.high + place.room, 4)) {
      drawn += mark("path", { class: v ? "grid" : "axis", d: `M${LEFT} ${up(v)}H${width}` });
      drawn += mark("text", { x: LEFT - 5, y: up(v) + 4, "text-anchor": "end" }, number(v));
    }
    x.forEach((v, i) => (drawn += mark("path", { class: "drop", d: `M${across(v).toFixed(1)} ${up(target[i]).toFixed(1)}V${up(fit[i]).toFixed(1)}` })));
    x.forEach((v, i) => (drawn += mark("circle", { class: "full", cx: across(v).toFixed(1), cy: up(target[i]).toFixed(1), r: 3 })));
    drawn += line("curve", x.map((v, i) => [across(v), up(fit[i])]));
    for (const e of Kit.ticks(Math.floor(place.least), Math.ceil(place.most), 4).filter((each) => Number.isInteger(each))) {
      const y = loss(10 ** e);
      if (y < from - 8 || y > floor) continue;
      drawn += mark("path", { class: "grid", d: `M${LEFT} ${y}H${width}` }) + mark("text", { x: LEFT - 5, y: y + 4, "text-anchor": "end" }, number(10 ** e));
    }
    const shown = frames.flatMap(({ step }, i) => (i === 0 || i === frames.length - 1 || i % Math.ceil(frames.length / (width < 400 ? 4 : 8)) === 0 ? [[step, i]] : []));
    shown.forEach(([step, i], n) => {
      const crowded = n === shown.length - 2 && along(frames.length - 1) - along(i) < 34;
      if (!crowded) drawn += mark("text", { x: Math.min(along(i), width - 14), y: height - 7, "text-anchor": "middle" }, step);
    });
    drawn += mark("path", { class: "axis", d: `M${LEFT} ${floor}H${width}` });
    drawn += line("back curve", frames.map((frame, i) => [along(i), loss(frame.loss)]));
    drawn += mark("text", { class: "title", x: LEFT + 8, y: TOP + 12 }, "fit");
    return drawn + mark("text", { class: "title", x: width - 8, y: half + 22, "text-anchor": "end" }, "loss after each step");
  }

  /** Where the dot stands: on the curve of the loss. */
  function dot(data, at, width, height) {
    const { along, loss } = scales(data, width, height);
    return [along(at), loss(data.frames[at].loss)];
  }

  return { result, verdict, scales, scene, dot };
})();

(() => {
  if (typeof document === "undefined") return;
  const PAUSE = 250;
  const numbers = (text) => text.split(" ").map(Number);

  /** Take the numbers out of the page. */
  function read(figure) {
    const frames = [...figure.querySelectorAll("tr[data-step]")].map(({ dataset: { step, loss, fit } }) => ({ step: Number(step), loss: Number(loss), fit: numbers(fit) }));
    return { x: numbers(figure.dataset.x), target: numbers(figure.dataset.target), frames };
  }

  for (const figure of document.querySelectorAll(".moving.fit")) {
    const data = read(figure), last = data.frames.length - 1, play = figure.querySelector('[data-is="play"]');
    const handle = figure.querySelector('[data-is="dot"]');
    const move = Kit.stepper(figure, {
      scene: (at, ...size) => Fit.scene(data, at, ...size),
      dot: (at, ...size) => Fit.dot(data, at, ...size),
      under: (px, width) => Fit.scales(data, width, 280).under(px),
      say: (at) => [Fit.result(data, at), Fit.verdict(data, at)],
    });
    let timer = null;
    const at = () => Number(handle.getAttribute("aria-valuenow"));
    const stop = () => {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    };
    play.addEventListener("click", () => {
      if (timer !== null) return stop();
      if (at() === last) move(0);
      play.textContent = "Pause";
      timer = setInterval(() => (at() === last ? stop() : move(at() + 1)), PAUSE);
    });
    handle.addEventListener("focus", stop); // the reader takes over
  }
})();
