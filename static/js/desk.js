// The desk by keyboard: a key presses the button, or ticks the box, that carries it as data-key. Letters do, digits name results, and
// 9 opts out wherever it is pressed. After the desk has changed, keys wait a moment: a finger on its way means what was there before.
(() => {
  const LOCKED_MS = 600;
  const desk = () => document.getElementById("desk");
  let stage = desk()?.dataset.stage;
  let lockedUntil = 0;

  const keyOf = (event) => (/^Key[A-Z]$/.test(event.code) ? event.code[3].toLowerCase() : event.key);

  function press(key) {
    const control = key === "t"
      ? desk().querySelector("[data-tick]:not(:checked)")
      : desk().querySelector(`[data-key='${CSS.escape(key)}']`);
    control?.click();
    const opened = control?.closest("details[open]")?.querySelector("form input:not([type=hidden]), form button");
    if (control?.matches("summary")) opened?.focus();
    return Boolean(control);
  }

  document.addEventListener("keydown", (event) => {
    if (!desk() || event.altKey || event.metaKey) return;
    if (event.ctrlKey) {
      if (event.key === "Enter") desk().querySelector("[data-submit]")?.click();
      return;
    }
    const typing = event.target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
    if (typing || event.repeat) return;
    const key = keyOf(event);
    if (key !== "9" && performance.now() < lockedUntil) return;
    if (press(key)) event.preventDefault();
  });

  // Clocks run from the server's time: the computer's own may be wrong.
  let ahead = 0;
  const read = () => { ahead = desk() ? Date.parse(desk().dataset.now) - Date.now() : 0; };
  const two = (number) => String(number).padStart(2, "0");
  function asClock(seconds) {
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
  }
  function tick() {
    for (const each of document.querySelectorAll("[data-timer]")) {
      each.textContent = asClock(Math.max(0, Math.floor((Date.now() + ahead - Date.parse(each.dataset.timer)) / 1000)));
    }
    for (const each of document.querySelectorAll("[data-span]")) each.textContent = asClock(Number(each.dataset.span));
  }

  document.addEventListener("htmx:afterSwap", () => {
    if (desk()?.dataset.stage !== stage) {
      stage = desk()?.dataset.stage;
      lockedUntil = performance.now() + LOCKED_MS;
    }
    read();
    tick();
  });
  read();
  tick();
  setInterval(tick, 1000);
})();
