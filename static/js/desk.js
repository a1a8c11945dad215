// The desk by keyboard: a key presses the button, or ticks the box, that carries it as data-key.
document.addEventListener("keydown", (event) => {
  const desk = document.getElementById("desk");
  if (!desk || event.altKey || event.metaKey) return;
  if (event.ctrlKey) {
    if (event.key === "Enter") desk.querySelector("[data-submit]")?.click();
    return;
  }
  const typing = event.target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
  if (typing || event.repeat) return;
  const control = desk.querySelector(`[data-key='${CSS.escape(event.key)}']`);
  if (!control) return;
  event.preventDefault();
  control.click();
});
