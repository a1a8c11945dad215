// The review of a script by keyboard: through the passages, to findings, remarks and the answer.
// A key that stands on a control as data-key presses it; Ctrl+Enter sends the form one is in.
const passages = [...document.querySelectorAll("[data-review] .passage")];
const here = () => document.querySelector(".passage.is-here");

const go = (passage) => {
  if (!passage) return;
  here()?.classList.remove("is-here");
  passage.classList.add("is-here");
  passage.focus({ preventScroll: true });
  passage.scrollIntoView({ block: "center" });
};
const step = (by) => {
  const at = passages.indexOf(here());
  go(at === -1 ? passages[0] : passages[Math.min(Math.max(at + by, 0), passages.length - 1)]);
};

// The next finding's mark in the text, round to the first; a finding without a passage shows itself in the list.
const nextFinding = () => {
  const found = [...document.querySelectorAll("[data-finding]")];
  const at = found.findIndex((each) => each.classList.contains("is-here"));
  const next = found[(at + 1) % found.length];
  if (!next) return;
  found.forEach((each) => each.classList.toggle("is-here", each === next));
  const mark = document.querySelector(`a[href='#${next.id}']`);
  if (mark) go(mark.closest(".passage"));
  next.scrollIntoView({ block: "nearest" });
};

// What is selected with the mouse, else the passage one is at: its section, words and place.
const chosen = () => {
  const selection = getSelection();
  const words = selection.toString();
  const anchor = selection.anchorNode?.parentElement?.closest("[data-section]");
  if (words.trim() && anchor?.contains(selection.focusNode)) {
    const before = document.createRange();
    before.setStart(anchor, 0);
    before.setEnd(selection.getRangeAt(0).startContainer, selection.getRangeAt(0).startOffset);
    return [anchor.dataset.section, words, before.toString().length];
  }
  const passage = here();
  return passage ? [passage.closest("[data-section]").dataset.section, passage.textContent, Number(passage.dataset.start)] : null;
};
const remark = () => {
  const form = document.querySelector("[data-remark]");
  if (!form) return;
  const about = chosen();
  if (about) {
    [form.elements.section.value, form.elements.quote.value, form.elements.start.value] = about;
  }
  form.closest("details").open = true;
  form.elements.text.focus();
};
const overrule = () => {
  const current = document.querySelector("[data-finding].is-here [data-overrule]") ?? document.querySelector("[data-overrule]");
  current?.focus();
};
const difference = () => {
  const shown = document.getElementById("difference");
  if (!shown) return;
  shown.open = !shown.open;
  if (shown.open) shown.scrollIntoView({ block: "start" });
};
const press = (key) => {
  const control = document.querySelector(`[data-key='${CSS.escape(key)}']`);
  if (!control || control.disabled) return false;
  control.click();
  control.closest("[data-verdict]")?.elements.note.focus();
  return true;
};
const KEYS = { j: () => step(1), k: () => step(-1), f: nextFinding, r: remark, o: overrule, d: difference };

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.metaKey || event.isComposing) return;
  const typing = event.target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
  if (event.key === "Escape" && typing) return void event.target.blur();
  if (event.ctrlKey) {
    if (event.key === "Enter") event.target.closest("form")?.requestSubmit();
    return;
  }
  if (typing || event.repeat) return;
  const act = KEYS[event.key.toLowerCase()];
  if (act) act();
  else if (!press(event.key.toLowerCase())) return;
  event.preventDefault();
});
document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => print()));
