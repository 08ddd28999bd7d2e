/* Plays the graphs of autograd_tutorial: every figure on the page, each on its own.
   Without this script the figure stands still, complete, with its table. */
(() => {
  "use strict";

  const numbers = (elements, name) =>
    [...new Set([...elements].map((e) => Number(e.dataset[name])))]
      .filter((n) => n > 0)
      .sort((a, b) => a - b);

  /** The adjoint after the messages that have arrived by a backward step. */
  function sumSoFar(text, step) {
    const sums = text.dataset.sums.split(" ").map((pair) => pair.split(":"));
    const arrived = sums.filter(([sent]) => Number(sent) <= step);
    if (!arrived.length) return "";
    const sum = `← ${arrived.at(-1)[1]}`;
    return arrived.length < sums.length ? `${sum} …` : sum;
  }

  function start(figure, index) {
    const find = (selector) => figure.querySelector(selector);
    const parts = figure.querySelectorAll(".ag-node, .ag-edge");
    const nodes = figure.querySelectorAll(".ag-node");
    const there = numbers(nodes, "f");
    const back = numbers(nodes, "b");
    const told = [...figure.querySelectorAll(".ag-told li")];
    const [frame, bar, said] = [".ag-frame", ".ag-bar", ".ag-said"].map(find);
    const slider = find("input");
    const link = find(".ag-link");
    const growing = [...figure.querySelectorAll("[data-sums]")];
    const complete = growing.map((text) => text.textContent);
    const last = told.length;
    const silent = said.textContent;
    const address = index ? `#figure=${index + 1}&step=` : "#step=";
    let now = 0; // 0: the whole run

    function show(step) {
      now = Math.max(0, Math.min(step, last));
      const all = now === 0;
      const forward = all ? Infinity : there[Math.min(now, there.length) - 1];
      const backward = all
        ? Infinity
        : now > there.length ? back[now - there.length - 1] : 0;
      figure.classList.toggle("ag-playing", !all);
      let active;
      for (const part of parts) {
        const f = Number(part.dataset.f);
        const b = Number(part.dataset.b) || Infinity;
        const isNow = !all && (backward ? b === backward : f === forward);
        part.classList.toggle("ag-later", f > forward);
        part.classList.toggle("ag-unsent", !all && b > backward);
        part.classList.toggle("ag-now", isNow);
        if (isNow && part.matches(".ag-node")) active = part;
      }
      growing.forEach((text, i) => {
        const sum = all ? complete[i] : sumSoFar(text, backward);
        text.textContent = sum || complete[i];
        text.classList.toggle("ag-arrived", Boolean(sum));
      });
      told.forEach((item, i) => {
        if (i + 1 === now) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
      });
      said.textContent = all ? silent : told[now - 1].textContent;
      slider.value = now || last;
      slider.setAttribute(
        "aria-valuetext",
        all ? "the whole run" : `step ${now} of ${last}`,
      );
      link.hidden = all;
      link.href = address + now;
      if (active) {
        const box = active.getBoundingClientRect();
        const view = frame.getBoundingClientRect();
        if (box.left < view.left || box.right > view.right)
          frame.scrollLeft += box.left + box.width / 2 - view.left - view.width / 2;
      }
    }

    const moves = {
      start: () => show(1),
      back: () => show(now === 0 ? last : now - 1),
      next: () => show(now === last ? 0 : now + 1),
      all: () => show(0),
    };
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) moves[button.dataset.move]();
    });
    slider.addEventListener("input", () => show(Number(slider.value)));
    figure.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: "back", ArrowRight: "next" }[event.key];
      const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
      const elsewhere = event.target.closest("input, .ag-table, details");
      if (!move || !plain || elsewhere) return;
      event.preventDefault();
      moves[move]();
    });

    function follow() {
      const [, number, step] =
        /^#(?:figure=(\d+)&)?step=(\d+)$/.exec(location.hash) || [];
      if (!step || Number(number || 1) !== index + 1) return;
      show(Number(step));
      figure.scrollIntoView({ behavior: "instant", block: "nearest" });
    }
    slider.min = 1;
    slider.max = last;
    bar.hidden = false;
    show(0);
    window.addEventListener("hashchange", follow);
    if (document.readyState === "complete") follow();
    else window.addEventListener("load", follow);
  }

  document.querySelectorAll("figure.autograd-graph").forEach((figure, index) => {
    if (figure.dataset.ready) return;
    figure.dataset.ready = "true";
    if (figure.querySelector(".ag-bar")) start(figure, index);
  });
})();
