// Predictions: what is typed is read, compared with the right values, and answered.
"use strict";
const Predict = (() => {
  // How people part the numbers of a row; the first way that gives as many as are wanted counts.
  const CUTS = [";", ", ", ",", " "];

  /** Read an answer: a list of numbers, or the word if there is one; null if it is neither. */
  function read(text, size, word) {
    const bare = text.replace(/tensor|[()[\]]/gi, " ").trim().replace(/\s+/g, " ");
    if (word && bare.replace(/^["']|["']$/g, "").toLowerCase() === word) return word;
    // A sign belongs to the number behind it, a stroke to both of its sides.
    const plain = bare.replace(/([-−–+]) /g, "$1").replace(/ ?[/] ?/g, "/");
    if (size === 1) {
      const number = Kit.readNumber(plain);
      return number === null ? null : [number];
    }
    const ways = CUTS.map((cut) => plain.split(cut));
    ways.push(plain.replace(/,/g, " ").split(" "));
    for (const way of ways) {
      const numbers = way.filter((part) => part.trim()).map(Kit.readNumber);
      if (numbers.length === size && !numbers.includes(null)) return numbers;
    }
    return null;
  }

  /** Tell whether two numbers agree, as the checker of the package does. */
  function isClose(a, b, rtol) {
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
    const largest = Math.max(Math.abs(a), Math.abs(b));
    return largest < Infinity && Math.abs(a - b) <= Math.max(rtol * largest, 1e-12);
  }

  /** Tell whether two answers agree: words, or lists of numbers. */
  function isSame(a, b, rtol) {
    if (typeof a === "string" || typeof b === "string") return a === b;
    return a.length === b.length && a.every((x, i) => isClose(x, b[i], rtol));
  }

  /** Say of each answer whether it is right, and which known mistake they make: its number, or -1. */
  function judge(task, answers) {
    const has = (i, value) => answers[i] !== null && isSame(answers[i], value, task.rtol);
    const isRight = task.right.map((value, i) => has(i, value));
    const makes = (form) => Object.entries(form).every(([i, value]) => has(i, value));
    const mistake = isRight.every(Boolean) ? -1 : task.mistakes.findIndex((forms) => forms.some(makes));
    return { isRight, mistake };
  }

  /** Say what is wanted where nothing could be read. */
  function wanted(text, size, word) {
    const or = word ? `, or the word ${word}` : "";
    if (!text.trim()) return `Still empty${or && `: a number${or}`}.`;
    if (size === 1) return `“${text.trim()}” is no number.`;
    return `Write ${size} numbers with commas between them${or}.`;
  }

  /** Say how many are right. */
  function counted(isRight) {
    const right = isRight.filter(Boolean).length;
    if (isRight.length === 1) return "Not yet. Try again, or show the answer.";
    return `${right} of ${isRight.length} ${right === 1 ? "is" : "are"} right. Look again at what says “not yet”.`;
  }

  return { read, judge, wanted, counted };
})();

/** What was predicted right, kept in this browser and nowhere else. */
const Predicted = {
  KEY: "autograd-tutorial-predicted",
  /** Return the names of the predictions; none where there is no storage. */
  read() {
    try {
      return new Set(JSON.parse(localStorage.getItem(this.KEY)));
    } catch {
      return new Set();
    }
  },
  /** Keep one more. */
  add(name) {
    try {
      localStorage.setItem(this.KEY, JSON.stringify([...this.read().add(name)]));
    } catch {
      // No storage, no tick.
    }
  },
};

for (const figure of globalThis.document?.querySelectorAll("figure.predict") ?? []) {
  const task = JSON.parse(figure.dataset.task), form = figure.querySelector("form");
  const reply = figure.querySelector(".reply"), kept = figure.querySelector(".kept");
  const mistakes = figure.querySelectorAll("template"), answer = figure.querySelector("details");
  const fields = [...figure.querySelectorAll(".field")];

  /** Show that this was predicted right. */
  const tick = () => (kept.textContent = "✓ predicted right");

  /** Return what a field holds, and what to say if it cannot be read. */
  const look = (field) => {
    const input = field.querySelector("input"), { size, word } = input.dataset;
    if (input.type === "text") return [Predict.read(input.value, Number(size), word), Predict.wanted(input.value, Number(size), word)];
    const chosen = [...field.querySelectorAll(":checked")].map(({ value }) => Number(value));
    return [chosen.length || input.type === "checkbox" ? chosen : null, "Choose one first."];
  };

  /** Write beside a field what is to be said of it. */
  const say = (field, text, isWrong) => {
    const place = field.querySelector("input[type=text]") || field;
    field.querySelector(".said").textContent = text;
    field.classList.toggle("wrong", isWrong);
    if (place.tagName === "FIELDSET") return;
    Kit.doubt(place, isWrong);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const looked = fields.map(look), answers = looked.map(([value]) => value);
    const { isRight, mistake } = Predict.judge(task, answers);
    const isAlone = fields.length === 1;
    for (const [i, field] of fields.entries()) {
      const said = answers[i] === null ? looked[i][1] : isAlone ? "" : isRight[i] ? "✓ right" : "not yet";
      say(field, said, !isRight[i]);
    }
    reply.replaceChildren();
    reply.classList.toggle("right", isRight.every(Boolean));
    if (isRight.every(Boolean)) {
      reply.textContent = "✓ Right.";
      tick();
      Predicted.add(figure.dataset.name);
      if (figure.querySelector(".because")) answer.open = true;
    } else if (mistake >= 0) reply.append(mistakes[mistake].content.cloneNode(true));
    else if (answers.some((value) => value !== null)) reply.textContent = Predict.counted(isRight);
    const unread = fields[answers.indexOf(null)];
    unread?.querySelector("input").focus();
  });

  // What changes is to be judged anew.
  form.addEventListener("input", ({ target }) => {
    say(target.closest(".field"), "", false);
    reply.replaceChildren();
  });
  if (Predicted.read().has(figure.dataset.name)) tick();
}
