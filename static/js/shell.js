// "/" goes to the search box, wherever one is, unless something is being written.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  const box = [...document.querySelectorAll('input[type="search"]')].find((each) => each.offsetParent);
  if (!box) return;
  event.preventDefault();
  box.select();
  box.focus();
});

// The menu remembers which group was open; the group of the page itself always is.
(() => {
  const sections = [...document.querySelectorAll("[data-menu]")];
  if (!sections.length) return;
  if (!sections.some((each) => each.open)) {
    const last = sections.find((each) => each.dataset.menu === localStorage.getItem("menu"));
    if (last) last.open = true;
  }
  for (const each of sections) {
    each.addEventListener("toggle", () => {
      if (each.open) localStorage.setItem("menu", each.dataset.menu);
      else if (localStorage.getItem("menu") === each.dataset.menu) localStorage.removeItem("menu");
    });
  }
})();
