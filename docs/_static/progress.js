// Ticks for the exercises that are done, kept in this browser and nowhere else.
(() => {
  "use strict";
  const KEY = "autograd-tutorial-done";
  const read = () => {
    const text = localStorage.getItem(KEY);
    try {
      return new Set(JSON.parse(text));
    } catch {
      return new Set(); // Not written here.
    }
  };
  const write = () => localStorage.setItem(KEY, JSON.stringify([...done]));
  let done;
  try {
    done = read();
    write();
  } catch {
    return; // No storage, no ticks.
  }
  // Predictions that were right, as predict.js keeps them.
  let predicted = new Set();
  try {
    predicted = new Set(JSON.parse(localStorage.getItem("autograd-tutorial-predicted")));
  } catch {
    // Not written here.
  }
  const nameOf = (path) => /exercises\/(ex\d+)_/.exec(path)?.[1];
  const status = document.createElement("p");
  status.setAttribute("role", "status");

  // A tick box for an exercise; `label` is for those who hear the page.
  const box = (name, label) => {
    const input = document.createElement("input");
    input.type = "checkbox";
    input.dataset.exercise = name;
    input.checked = done.has(name);
    if (label) input.setAttribute("aria-label", label);
    input.addEventListener("change", () => {
      input.checked ? done.add(name) : done.delete(name);
      write();
      count();
    });
    return input;
  };
  const boxes = () => document.querySelectorAll("[data-exercise]");
  const count = () => {
    const all = [...boxes()];
    const ticked = all.filter((input) => input.checked).length;
    status.textContent = `${ticked} of ${all.length} done. The ticks stay in this browser.`;
  };

  // Another tab, or the browser's Back, may have changed them.
  const refresh = () => {
    done = read();
    for (const input of boxes()) input.checked = done.has(input.dataset.exercise);
    if (status.isConnected) count();
  };
  addEventListener("storage", refresh);
  addEventListener("pageshow", refresh);

  const here = nameOf(location.pathname);
  if (here) {
    const label = document.createElement("label");
    label.append(box(here), " I have done this exercise");
    document.querySelector(".exercise-done")?.append(label);
    return;
  }
  const table = document.querySelector("article table");
  if (!table) return;
  for (const row of table.tBodies[0].rows) {
    const link = row.querySelector("a");
    const name = link && nameOf(link.pathname);
    if (name) link.before(box(name, `Done: ${link.textContent}`), " ");
    if (predicted.has(name)) link.after(" (✓ predicted right)");
  }
  const place = table.closest(".table-wrapper") || table;
  place.after(status);
  count();
})();
