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
    return arrived.length < sums.length ? `${sum}+…` : sum;
  }

  /** What a screen reader says of a box or an arrow: what has come so far. */
  function labelSoFar(label, later, unsent) {
    if (later) return label.replace(/: [^:]*$/, ": not yet");
    return unsent ? label.replace(/, (adjoint|message) .*$/, "") : label;
  }

  function start(figure, index) {
    const find = (selector) => figure.querySelector(selector);
    const nodes = figure.querySelectorAll(".ag-node");
    const parts = [...figure.querySelectorAll(".ag-node, .ag-edge")];
    const labels = parts.map((part) => part.getAttribute("aria-label"));
    const there = numbers(nodes, "f");
    const back = numbers(nodes, "b");
    const told = [...figure.querySelectorAll(".ag-told li")];
    const [frame, bar, said] = [".ag-frame", ".ag-bar", ".ag-said"].map(find);
    const slider = find("input");
    const link = find(".ag-link");
    const growing = [...figure.querySelectorAll("[data-sums]")];
    const complete = growing.map((text) => text.textContent);
    const last = told.length;
    const whole = last + 1; // after the last step, the whole run
    const silent = said.textContent;
    const address = index ? `#figure=${index + 1}&step=` : "#step=";
    let now = whole;
    let linked = false;

    /** Scroll the picture, not the page, to what happens in this step. */
    function look(active) {
      const marks = active.flatMap((part) =>
        part.matches(".ag-node") ? [part] : [...part.querySelectorAll("text")],
      );
      const boxes = marks.map((mark) => mark.getBoundingClientRect());
      const view = frame.getBoundingClientRect();
      let left = Math.min(...boxes.map((box) => box.left));
      let right = Math.max(...boxes.map((box) => box.right));
      if (left >= view.left && right <= view.right) return;
      if (right - left > view.width) {
        const node = active.find((part) => part.matches(".ag-node"));
        ({ left, right } = node.getBoundingClientRect());
      }
      frame.scrollLeft += (left + right - view.left - view.right) / 2;
    }

    function slide(place) {
      slider.value = now;
      slider.setAttribute("aria-valuetext", place);
    }

    function show(step) {
      now = Math.max(1, Math.min(step, whole));
      const all = now === whole;
      const forward = all ? Infinity : there[Math.min(now, there.length) - 1];
      const backward = all
        ? Infinity
        : now > there.length ? back[now - there.length - 1] : 0;
      figure.classList.toggle("ag-playing", !all);
      const active = [];
      parts.forEach((part, i) => {
        const f = Number(part.dataset.f);
        const b = Number(part.dataset.b) || Infinity;
        const later = f > forward;
        const unsent = !all && b > backward;
        const isNow = !all && (backward ? b === backward : f === forward);
        part.classList.toggle("ag-later", later);
        part.classList.toggle("ag-unsent", unsent);
        part.classList.toggle("ag-now", isNow);
        part.setAttribute("aria-label", labelSoFar(labels[i], later, unsent));
        if (isNow) active.push(part);
      });
      growing.forEach((text, i) => {
        const sum = all ? complete[i] : sumSoFar(text, backward);
        text.textContent = sum || complete[i];
        text.classList.toggle("ag-arrived", Boolean(sum));
      });
      told.forEach((item, i) => {
        if (i + 1 === now) item.setAttribute("aria-current", "step");
        else item.removeAttribute("aria-current");
      });
      const place = all ? "the whole run" : `step ${now} of ${last}`;
      said.textContent = all
        ? silent
        : `S${place.slice(1)}. ${told[now - 1].textContent}`;
      slide(place);
      if (all && document.activeElement === link) frame.focus();
      link.hidden = all;
      link.href = address + now;
      if (all) frame.scrollLeft = 0;
      else look(active);
    }

    const moves = {
      start: () => show(1),
      back: () => show(now - 1),
      next: () => show(now === whole ? 1 : now + 1),
      all: () => show(whole),
    };
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) moves[button.dataset.move]();
    });
    slider.addEventListener("input", () => show(Number(slider.value)));
    figure.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: "back", ArrowRight: "next" }[event.key];
      const other = event.altKey || event.ctrlKey || event.metaKey;
      if (!move || other || event.target.closest("input, details, .ag-table"))
        return;
      event.preventDefault();
      if (event.shiftKey) frame.scrollLeft += move === "back" ? -80 : 80;
      else moves[move]();
    });

    /** Show the step that the address names; without one, the whole run again. */
    function follow() {
      const [, number, step] =
        /^#(?:figure=(\d+)&)?step=(\d+)$/.exec(location.hash) || [];
      if (step && Number(number || 1) === index + 1) {
        linked = true;
        let closed = figure;
        while ((closed = closed.parentElement?.closest("details")))
          closed.open = true;
        show(Number(step));
        frame.scrollIntoView({ behavior: "instant", block: "nearest" });
      } else if (linked) {
        linked = false;
        show(whole);
      }
    }

    // The page shows the whole run already: it is left as it is, to be there at once.
    slider.min = 1;
    slider.max = whole;
    slide("the whole run");
    bar.hidden = false;
    window.addEventListener("hashchange", follow);
    // The same link again does not change the address.
    document.addEventListener("click", (event) => {
      if (event.target.closest?.('a[href*="step="]')) setTimeout(follow);
    });
    if (document.readyState === "complete") follow();
    else window.addEventListener("load", follow);
    let kept = whole;
    window.addEventListener("beforeprint", () => {
      kept = now;
      show(whole);
    });
    window.addEventListener("afterprint", () => show(kept));
  }

  document.querySelectorAll(".autograd-graph").forEach((figure, index) => {
    if (figure.dataset.ready) return;
    figure.dataset.ready = "true";
    if (figure.querySelector(".ag-bar")) start(figure, index);
  });
})();
