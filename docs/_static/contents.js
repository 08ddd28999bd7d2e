/* Marks in the table of contents where the reader is: in the innermost section a little below the top
   of the window. Furo would measure every section as the page opens, and so have all of them laid out
   before the reader comes near. */
document.addEventListener("DOMContentLoaded", () => {
  const items = new Map();
  for (const link of document.querySelectorAll(".toc-marked a[href^='#']")) {
    const section = document.getElementById(link.hash.slice(1));
    if (section) items.set(section, link.parentElement);
  }
  const here = new Set();
  const watcher = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        if (isIntersecting) here.add(target);
        else here.delete(target);
      }
      const sections = [...items.keys()];
      const current = sections.findLast((section) => here.has(section));
      for (const [section, item] of items)
        item.classList.toggle("scroll-current", section === current);
    },
    { rootMargin: "-20% 0px -80% 0px" },
  );
  for (const section of items.keys()) watcher.observe(section);
});

/* Code that is wider than its place scrolls; so it can be reached by keyboard, too. Each block is measured
   when the reader comes near: all of them at once would be dear. */
document.addEventListener("DOMContentLoaded", () => {
  const watcher = new IntersectionObserver((changes) => {
    for (const { target } of changes.filter((change) => change.isIntersecting)) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    }
  }, { rootMargin: "50%" });
  for (const code of document.querySelectorAll("article pre")) watcher.observe(code);
});
