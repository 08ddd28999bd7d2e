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

  /** Return the last piece of code above a figure that has a line, and where this begins. */
  function findLine(figure, line) {
    const above = [...document.querySelectorAll("pre")].filter(
      (pre) => pre.compareDocumentPosition(figure) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    for (const pre of above.reverse()) {
      let begin = 0;
      for (const each of pre.textContent.split("\n")) {
        if (each.trim() === line) return { pre, begin: begin + each.indexOf(line), length: line.length };
        begin += each.length + 1;
      }
    }
    return null;
  }

  /** Return where a character of an element is: its text, and the place in that. */
  function placeOf(element, character) {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    let text;
    while ((text = texts.nextNode())) {
      if (character <= text.length) return [text, character];
      character -= text.length;
    }
    return [element, element.childNodes.length];
  }

  function start(figure, index) {
    const find = (selector) => figure.querySelector(selector);
    const nodes = figure.querySelectorAll(".ag-node");
    const parts = [...figure.querySelectorAll(".ag-node, .ag-edge")];
    const labels = parts.map((part) => part.getAttribute("aria-label"));
    const there = numbers(nodes, "f");
    const back = numbers(nodes, "b");
    const told = [...figure.querySelectorAll(".ag-told li")];
    const [frame, bar, said, controls] = [".ag-frame", ".ag-bar", ".ag-said", ".ag-controls"].map(find);
    const player = find('[data-move="play"]');
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
    let playing = null;

    /** Scroll the picture to what happens in this step, and where the picture is high the page too. */
    function look(active) {
      const marks = active.flatMap((part) =>
        part.matches(".ag-node") ? [part] : [...part.querySelectorAll("text")],
      );
      const boxes = marks.map((mark) => mark.getBoundingClientRect()).filter((box) => box.width);
      if (!boxes.length) return;
      const view = frame.getBoundingClientRect();
      const top = Math.min(...boxes.map((box) => box.top)) - 72;
      const bottom = Math.max(...boxes.map((box) => box.bottom)) + 16;
      const free = innerHeight - controls.offsetHeight;
      if (figure.contains(document.activeElement) && bottom - top < free)
        scrollBy({ top: Math.min(top, 0) || Math.max(bottom - free, 0), behavior: "instant" });
      let left = Math.min(...boxes.map((box) => box.left));
      let right = Math.max(...boxes.map((box) => box.right));
      if (left >= view.left && right <= view.right) return;
      if (right - left > view.width) {
        const node = active.find((part) => part.matches(".ag-node") && part.getBoundingClientRect().width);
        ({ left, right } = node.getBoundingClientRect());
      }
      frame.scrollLeft += (left + right - view.left - view.right) / 2;
    }

    /** Mark the line of the code above that runs in this step, and no other. */
    function markLine(line) {
      figure.agMark?.replaceWith(...figure.agMark.childNodes);
      figure.agMark = null;
      const found = line && findLine(figure, line);
      if (!found) return;
      const range = document.createRange();
      range.setStart(...placeOf(found.pre, found.begin));
      range.setEnd(...placeOf(found.pre, found.begin + found.length));
      const mark = document.createElement("mark");
      mark.className = `ag-line ag-${now > there.length ? "back" : "there"}`;
      mark.append(range.extractContents());
      range.insertNode(mark);
      figure.agMark = mark;
    }

    function slide(place) {
      slider.value = now;
      slider.setAttribute("aria-valuetext", place);
    }

    function show(step) {
      now = Math.max(1, Math.min(step, whole));
      const all = now === whole;
      if (all) pause();
      const forward = all ? Infinity : there[Math.min(now, there.length) - 1];
      const backward = all
        ? Infinity
        : now > there.length ? back[now - there.length - 1] : 0;
      figure.classList.toggle("ag-playing", !all);
      figure.classList.toggle("ag-returning", !all && backward > 0);
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
      markLine(all ? "" : told[now - 1].dataset.line);
      if (all && document.activeElement === link) frame.focus();
      link.hidden = all;
      link.href = address + now;
      if (all) frame.scrollLeft = 0;
      else look(active);
    }

    /** Show one step after the other, each for as long as its sentence takes to read. */
    function play() {
      show(now >= last ? 1 : now + 1);
      playing = setTimeout(() => (now === last ? pause() : play()), 1200 + 30 * said.textContent.length);
      player.textContent = "Pause";
    }

    function pause() {
      clearTimeout(playing);
      playing = null;
      player.textContent = "Play";
    }

    /** Show the step that the reader asks for, which ends the playing. */
    function go(step) {
      pause();
      show(step);
    }

    const moves = {
      play: () => (playing ? pause() : play()),
      back: () => go(now - 1),
      next: () => go(now === whole ? 1 : now + 1),
      first: () => go(1),
      last: () => go(last),
      all: () => go(whole),
    };
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) moves[button.dataset.move]();
    });
    slider.addEventListener("input", () => go(Number(slider.value)));
    // A box shows first how its value came, an arrow what went back along it; then the other.
    frame.addEventListener("click", (event) => {
      const part = event.target.closest(".ag-node, .ag-edge");
      if (!part) return;
      const forward = 1 + there.indexOf(Number(part.dataset.f));
      const backward = 1 + there.length + back.indexOf(Number(part.dataset.b));
      const isBack = backward > there.length && (part.matches(".ag-edge") ? now !== backward : now === forward);
      go(isBack ? backward : forward);
    });
    find(".ag-told").addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) go(1 + told.indexOf(item));
    });
    const keys = { ArrowLeft: "back", ArrowRight: "next", Home: "first", End: "last" };
    figure.addEventListener("keydown", (event) => {
      const name = keys[event.key];
      const other = event.altKey || event.ctrlKey || event.metaKey;
      if (!name || other || event.target.closest("input, details, .ag-table"))
        return;
      event.preventDefault();
      if (event.shiftKey) frame.scrollLeft += name === "back" ? -80 : 80;
      else moves[name]();
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
    // A cell of a page with this tag shows its first step.
    if (figure.closest(".tag_from-the-start")) show(1);
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
