// The menus over a list: a click elsewhere or Escape closes them.
const close = (menu) => menu.removeAttribute("open");
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".list-menu[open]")) if (!menu.contains(event.target)) close(menu);
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".list-menu[open]");
  if (!menu) return;
  close(menu);
  menu.querySelector("summary").focus();
});
