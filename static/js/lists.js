// Lists: a click elsewhere or Escape closes the menus above them; one button picks all rows of a page, or none.
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
for (const button of document.querySelectorAll("[data-pick-all]")) {
  const boxes = [...document.querySelectorAll('input[name="pick"]')];
  button.hidden = boxes.length === 0;
  button.addEventListener("click", () => {
    const wanted = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = wanted;
  });
}
