// A revealed value leaves the page when its time is over, or when the page is left or hidden.
const hide = () => document.querySelectorAll("[data-reveal-seconds]").forEach((shown) => shown.replaceChildren("••••"));
document.querySelectorAll("[data-reveal-seconds]").forEach((shown) => setTimeout(hide, Number(shown.dataset.revealSeconds) * 1000));
addEventListener("pagehide", hide);
document.addEventListener("visibilitychange", () => document.hidden && hide());
