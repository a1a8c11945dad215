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
