// What every figure that moves needs: numbers in words, SVG, dragging, and speaking.
"use strict";
const Kit = (() => {
  /** Write a number for reading: four digits, a real minus sign, powers of ten where they help. */
  function number(x) {
    if (Number.isNaN(x)) return "NaN";
    const size = Math.abs(x), sign = x < 0 ? "−" : "";
    if (size === Infinity) return `${sign}∞`;
    if (size === 0) return "0";
    if (size >= 1e5 || size < 1e-3) {
      const [digits, exponent] = size.toExponential(2).split("e");
      return `${sign}${Number(digits)}·${power(10, Number(exponent))}`;
    }
    return sign + Number(size.toPrecision(size >= 1e4 ? 5 : 4));
  }

  /** Write a power with its exponent raised. */
  function power(base, exponent) {
    return base + String(exponent).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]));
  }

  /** Read a number as people type it: 1/2, −1, 1,5, with spaces; null if it is none. */
  function readNumber(text) {
    const plain = text.replace(/[\s\u00a0\u202f_]/g, "").replace(/[−–]/g, "-").replace(",", ".");
    const part = String.raw`[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|∞|inf(?:inity)?|nan|pi|π|e)`;
    const found = new RegExp(`^(${part})(?:/(${part}))?$`, "i").exec(plain);
    if (!found) return null;
    const [above, below] = found.slice(1).map((word = "1") => {
      const sign = word.startsWith("-") ? -1 : 1, bare = word.replace(/^[-+]/, "").toLowerCase();
      if (/^(∞|inf)/.test(bare)) return sign * Infinity;
      return sign * ({ pi: Math.PI, "π": Math.PI, e: Math.E }[bare] ?? Number(bare));
    });
    return above / below;
  }

  /** Add an element of SVG to another. */
  function draw(parent, name, attributes = {}, text) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }

  /** Write an element of SVG as text, for a picture that is drawn at build time too. */
  function mark(name, attributes, text = "") {
    const written = Object.entries(attributes).map(([key, value]) => key + '="' + value + '"');
    return "<" + name + " " + written.join(" ") + ">" + text + "</" + name + ">";
  }

  /** Round numbers from one end to the other, at most so many. */
  function ticks(from, to, most) {
    const rough = (to - from) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
    const first = Math.ceil(from / step);
    return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step);
  }

  /** Take each number that is typed; what is none is said beside it, and changes nothing. */
  function typed(field, wrong, take) {
    field.addEventListener("input", () => {
      const value = readNumber(field.value), isNone = value === null;
      doubt(field, isNone);
      wrong.textContent = isNone && field.value.trim() ? noNumber(field.value) : "";
      if (!isNone) take(value);
    });
  }

  /** Mark a field as wrong, or as right again. */
  function doubt(field, isWrong = true) {
    if (isWrong) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }

  const noNumber = (text) => `“${text}” is no number: type one such as 2, −0.5 or 1/3.`;

  /** Let the arrow keys move a point by steps across and up: ten at once with Page or Shift. */
  function keys(element, move) {
    const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], PageUp: [0, 10], PageDown: [0, -10] };
    element.addEventListener("keydown", (event) => {
      const way = ways[event.key];
      if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const factor = event.shiftKey ? 10 : 1;
      move(way[0] * factor, way[1] * factor);
    });
  }

  /** Draw now, and whenever the width of a picture changes. */
  function fit(svg, draw) {
    let width = 0;
    new ResizeObserver(() => {
      if (svg.clientWidth === width) return;
      width = svg.clientWidth;
      draw();
    }).observe(svg);
  }

  /** Say something to a screen reader once the reader has come to rest. */
  function speaker(region) {
    let timer;
    return (text) => {
      clearTimeout(timer);
      timer = setTimeout(() => (region.textContent = text), 700);
    };
  }

  /** Let a picture be dragged with a pointer; move gets the place in the units of the picture.
   * Before it begins, take gets the event and the place, and may refuse. */
  function drag(svg, move, take = () => true) {
    let isHeld = false;
    const tell = (event, work) => {
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      return work(place.x, place.y);
    };
    svg.addEventListener("pointerdown", (event) => {
      if (event.button || !tell(event, (...place) => take(event, ...place))) return;
      isHeld = true;
      svg.setPointerCapture(event.pointerId);
      event.preventDefault();
      tell(event, move);
    });
    svg.addEventListener("pointermove", (event) => isHeld && tell(event, move));
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (isHeld = false));
  }

  /** Do something once before the next frame, however often it is asked for. */
  function soon(work) {
    let frame = null;
    return () => (frame ??= requestAnimationFrame(() => ((frame = null), work())));
  }

  /** Let the dot of a figure go by whole steps across a scene, which is drawn and put into words anew. */
  function stepper(figure, { scene, dot, under, say }) {
    const find = (name) => figure.querySelector(`[data-is="${name}"]`), svg = find("plot"), handle = find("dot");
    const [least, most, opens] = ["min", "max", "now"].map((name) => Number(handle.getAttribute(`aria-value${name}`)));
    const speak = speaker(find("told"));
    let at = opens;
    const show = () => {
      const width = svg.clientWidth || 280, height = svg.clientHeight || 280;
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      find("scene").innerHTML = scene(at, width, height);
      handle.setAttribute("transform", `translate(${dot(at, width, height)})`);
      const [result, verdict] = say(at);
      handle.setAttribute("aria-valuenow", at);
      handle.setAttribute("aria-valuetext", result);
      find("result").textContent = result;
      find("verdict").textContent = verdict;
      speak(`${result} ${verdict}`);
    };
    const draw = soon(show);
    const move = (to) => {
      at = Math.max(least, Math.min(most, to));
      draw();
    };
    for (const choice of figure.querySelectorAll("select")) choice.addEventListener("change", draw);
    keys(handle, (across, up) => move(at + across + up));
    drag(svg, (px) => {
      handle.focus({ preventScroll: true });
      move(under(px, svg.clientWidth));
    });
    fit(svg, show);
    show();
    figure.dataset.ready = "";
    return move;
  }

  /** Put text on the clipboard, also on a page that is opened from a disk. */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.body.appendChild(document.createElement("textarea"));
      area.value = text;
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  return { number, power, readNumber, draw, mark, ticks, typed, doubt, noNumber, keys, fit, speaker, drag, soon, stepper, copy };
})();
