// "/" and Ctrl K go to the search box, wherever one is; "/" not while something is being written.
document.addEventListener("keydown", (event) => {
  const isPalette = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
  const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!isPalette && !isSlash) return;
  if (isSlash && event.target.closest("input, select, textarea, [contenteditable]")) return;
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

// What cannot be undone says what it does, and is done once that was read. A button without a script goes straight to the server.
document.addEventListener("submit", (event) => {
  // A form that a key sends names no button: its only one that asks is meant.
  const asking = event.target.querySelectorAll("[data-confirm]");
  const button = event.submitter ?? (asking.length === 1 ? asking[0] : null);
  if (!button?.dataset.confirm || button.dataset.confirmed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const frame = document.getElementById("confirm");
  frame.querySelector("[data-confirm-text]").textContent = button.dataset.confirm;
  const yes = frame.querySelector("[data-confirm-yes]");
  yes.textContent = button.textContent.trim();
  frame.returnValue = "";
  frame.addEventListener("close", () => {
    if (frame.returnValue !== "yes") return;
    button.dataset.confirmed = "1";
    event.target.requestSubmit(button);
    delete button.dataset.confirmed;
  }, { once: true });
  frame.showModal();
  frame.querySelector("[data-confirm-no]").focus();
}, true);

// Of what a page asks in passing, a failure stays visible until it is closed: nothing was done.
const isPoll = (event) => Boolean(event.detail.requestConfig?.headers["X-Polling"]);
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const bar = document.getElementById("failure");
    if (!bar) return;
    const number = event.detail.xhr?.getResponseHeader?.("X-Request-ID") ?? "";
    bar.querySelector("[data-failure-number]").textContent = number;
    bar.dataset.polling = isPoll(event) ? "1" : "";
    const what = isPoll(event) ? "poll" : name === "htmx:responseError" ? "refused" : "unknown";
    for (const each of bar.querySelectorAll("[data-failure]")) each.hidden = each.dataset.failure !== what;
    bar.hidden = false;
  });
}
// A page that asks each second says by itself when it is heard again.
document.addEventListener("htmx:afterRequest", (event) => {
  const bar = document.getElementById("failure");
  if (bar && !bar.hidden && bar.dataset.polling && isPoll(event) && event.detail.successful) bar.hidden = true;
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-failure-close]")) document.getElementById("failure").hidden = true;
});

// On paper nothing can be unfolded: what is folded is printed, and folded again afterwards.
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("main details:not([open])")) {
    each.dataset.printed = "";
    each.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const each of document.querySelectorAll("main details[data-printed]")) {
    delete each.dataset.printed;
    each.open = false;
  }
});
