// Ticks for what is done, kept in this browser and nowhere else: on each page, and beside its link in a list.
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const root = new URL(document.documentElement.dataset.content_root, location.href).pathname;
  // What a page is called here: an exercise by its number, another page by its place.
  const nameOf = (path) => /exercises\/(ex\d+)_/.exec(path)?.[1] ?? path.slice(root.length).replace(/\.html$/, "");
  const isOverview = nameOf(location.pathname).startsWith("exercises/");
  const here = document.querySelector(".done");
  const list = document.querySelector(isOverview ? "article table" : "ol.path");
  if (!here && !list) return; // Nothing to tick, so nothing is kept.
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
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  status.className = "tick";

  // A tick box for a page; `label` is for those who hear it.
  const box = (name, label) => {
    const input = document.createElement("input");
    input.type = "checkbox";
    input.dataset.page = name;
    input.checked = done.has(name);
    if (label) input.setAttribute("aria-label", label);
    input.addEventListener("change", () => {
      input.checked ? done.add(name) : done.delete(name);
      write();
      count();
    });
    return input;
  };
  const boxes = () => document.querySelectorAll("[data-page]");
  const count = () => {
    const all = [...boxes()];
    const ticked = all.filter((input) => input.checked).length;
    status.textContent = `${ticked} of ${all.length} done. The ticks stay in this browser.`;
  };

  // Another tab, or the browser's Back, may have changed them.
  const refresh = () => {
    done = read();
    for (const input of boxes()) input.checked = done.has(input.dataset.page);
    if (status.isConnected) count();
  };
  addEventListener("storage", refresh);
  addEventListener("pageshow", refresh);

  if (here) {
    const name = nameOf(location.pathname), label = document.createElement("label");
    label.className = "tick";
    label.append(box(name), ` I have done this ${name.startsWith("ex") ? "exercise" : "page"}`);
    here.append(label);
    return;
  }
  for (const part of list.querySelectorAll("ol.path li a, tbody tr")) {
    const link = part.matches("a") ? part : part.querySelector("a");
    if (!link) continue;
    const name = nameOf(link.pathname), text = link.textContent;
    const tick = document.createElement("span");
    tick.className = "tick";
    tick.append(box(name, `Done: ${/^\d$/.test(text) ? "exercise " : ""}${text}`), "\u00a0");
    link.before(tick);
    if (predicted.has(name)) link.after(" (✓ predicted right)");
  }
  (list.closest(".table-wrapper") ?? list).after(status);
  count();
});
