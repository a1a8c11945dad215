// Light or dark: the person's choice, else the system's. Runs before the page is painted.
(() => {
  const key = "hegui-theme";
  const wanted = localStorage.getItem(key) || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.setAttribute("data-bs-theme", wanted);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-switch-theme]")) return;
    const next = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    document.documentElement.setAttribute("data-bs-theme", next);
    localStorage.setItem(key, next);
  });
})();
