// The player of a recording, and the review by keyboard: space plays, J and L jump, K stops, 1-9 answer the score card,
// R remarks, V opens a violation, / searches what was said. A key that stands on a control as data-key presses it.
const data = JSON.parse(document.getElementById("player-data")?.textContent ?? "null");
const shell = document.querySelector("[data-player]");
const clock = (seconds) => {
  const whole = Math.floor(seconds);
  const pad = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}:${pad(whole % 60)}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
};
const COLOURS = { blocking: "180, 35, 35", advisory: "133, 87, 0", key: "10, 88, 168", silence: "91, 96, 104", remark: "26, 116, 49" };
const tinted = (kind, alpha) => `rgba(${COLOURS[kind]}, ${alpha})`;

const begin = () => {
  const media = new Audio();
  media.preload = "metadata";
  media.src = data.sound;
  const style = getComputedStyle(document.documentElement);
  const wave = WaveSurfer.create({
    container: shell.querySelector("[data-wave]"),
    media,
    peaks: data.peaks,
    // Each side on a wave form of its own, where each has a channel.
    splitChannels: data.peaks.length > 1 ? data.peaks.map(() => ({ height: 48 })) : undefined,
    duration: data.duration,
    height: 96,
    waveColor: style.getPropertyValue("--tblr-secondary").trim() || "#5b6068",
    progressColor: style.getPropertyValue("--tblr-primary").trim() || "#0a58a8",
    cursorWidth: 2,
    cspNonce: shell.dataset.nonce,
  });
  const regions = wave.registerPlugin(WaveSurfer.Regions.create());
  // What lies on the wave form is looked at, not touched: a stretch can be drawn over it.
  const lay = (start, end, color) => {
    const region = regions.addRegion({ start: start / 1000, end: end > start ? end / 1000 : undefined, color, drag: false, resize: false });
    if (region.element) region.element.style.pointerEvents = "none";
  };
  wave.on("ready", () => {
    data.marks.forEach((mark) => lay(mark.start, mark.end, tinted(mark.kind, mark.end > mark.start ? 0.18 : 0.9)));
    data.remarks.forEach((remark) => lay(remark.start, remark.end, tinted("remark", 0.2)));
  });
  shell.dataset.ready = "1";
  return { wave, media, regions };
};

// What was chosen with the mouse on the wave form, else where the recording is.
let chosen = null;
const choose = (player) => {
  player.regions.enableDragSelection({ color: "rgba(10, 88, 168, .25)" });
  player.regions.on("region-created", (region) => {
    if (!region.drag) return; // a mark, or a remark that stands already
    chosen?.remove();
    chosen = region;
    show(player);
  });
  player.regions.on("region-updated", () => show(player));
};
const stretch = (player) => (chosen ? [chosen.start, chosen.end] : [player.media.currentTime, player.media.currentTime]);
const show = (player) => {
  const [start, end] = stretch(player);
  document.querySelectorAll("[data-stretch]").forEach((place) => {
    place.textContent = start === end ? clock(start) : `${clock(start)}–${clock(end)}`;
  });
  document.querySelectorAll("[data-stretch-form]").forEach((form) => {
    form.elements.start_ms.value = Math.round(start * 1000);
    form.elements.end_ms.value = Math.round(end * 1000);
  });
};

// What was said at this moment, kept in sight while the recording plays.
const lines = [...document.querySelectorAll("[data-transcript] [data-start]")];
const follow = (ms, isPlaying) => {
  const at = lines.findLastIndex((line) => Number(line.dataset.start) <= ms);
  lines.forEach((line, place) => line.classList.toggle("is-said", place === at));
  const list = document.querySelector("[data-transcript]");
  if (at < 0 || !isPlaying || !list) return;
  const line = lines[at];
  list.scrollTop = line.offsetTop - list.offsetTop - list.clientHeight / 3;
};

// What was heard goes to the trail: told while it plays, when it stops and when the page is left.
const heard = (media) => Array.from({ length: media.played.length }, (_, place) => [Math.round(media.played.start(place) * 1000), Math.round(media.played.end(place) * 1000)]);
const tell = (media, isDone = false) => {
  const spans = heard(media);
  const body = new URLSearchParams({ heard: JSON.stringify(spans) });
  if (isDone) body.set("done", "on");
  else if (!spans.length) return;
  const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
  fetch(data.heard, { method: "POST", body, keepalive: true, headers: { "X-CSRFToken": token } });
};

const search = document.querySelector("[data-transcript-search]");
const find = (step = 0) => {
  const words = search.value.trim().toLowerCase();
  const found = lines.filter((line) => {
    const is = Boolean(words) && line.querySelector(".said-words").textContent.toLowerCase().includes(words);
    line.classList.toggle("is-found", is);
    return is;
  });
  if (!found.length) return null;
  const at = (found.findIndex((line) => line.classList.contains("is-at")) + step + found.length) % found.length;
  lines.forEach((line) => line.classList.toggle("is-at", line === found[Math.max(0, at)]));
  found[Math.max(0, at)].scrollIntoView({ block: "nearest" });
  return found[Math.max(0, at)];
};

const player = data && shell ? begin() : null;
if (player) {
  const { media, wave } = player;
  choose(player);
  const toggle = () => wave.playPause();
  const jump = (seconds) => {
    media.currentTime = Math.min(Math.max(media.currentTime + seconds, 0), data.duration);
  };
  player.keys = { " ": toggle, k: () => media.pause(), j: () => jump(-5), l: () => jump(5) };
  document.querySelector("[data-player-toggle]").addEventListener("click", toggle);
  document.querySelector("[data-player-back]").addEventListener("click", () => jump(-5));
  document.querySelector("[data-player-forward]").addEventListener("click", () => jump(5));
  document.querySelector("[data-player-speed]").addEventListener("change", (event) => {
    media.playbackRate = Number(event.target.value);
  });
  document.addEventListener("click", (event) => {
    const to = event.target.closest("[data-seek]");
    if (to) media.currentTime = Number(to.dataset.seek) / 1000;
  });
  const time = document.querySelector("[data-player-time]");
  media.addEventListener("timeupdate", () => {
    time.textContent = `${clock(media.currentTime)} / ${clock(data.duration)}`;
    follow(media.currentTime * 1000, !media.paused);
    if (!chosen) show(player);
  });
  const icon = document.querySelector("[data-player-toggle] .ti");
  const shown = () => icon.classList.replace(media.paused ? "ti-player-pause" : "ti-player-play", media.paused ? "ti-player-play" : "ti-player-pause");
  ["play", "pause"].forEach((name) => media.addEventListener(name, shown));
  media.addEventListener("pause", () => tell(media));
  media.addEventListener("error", () => shell.classList.add("is-broken"));
  setInterval(() => !media.paused && tell(media), 15000);
  addEventListener("pagehide", () => tell(media));
  search?.addEventListener("input", () => find());
}

// The score card by number: the same key again goes on to the next answer.
const answer = (number) => {
  const item = document.querySelector(`[data-score-card] [data-item='${number}']`);
  if (!item) return false;
  const choices = [...item.querySelectorAll("input[type=radio]")];
  const next = choices[(choices.findIndex((choice) => choice.checked) + 1) % choices.length];
  next.checked = true;
  item.scrollIntoView({ block: "nearest" });
  return true;
};
const open = (selector) => {
  const form = document.querySelector(selector);
  if (!form) return false;
  const details = form.closest("details") ?? form;
  if ("open" in details) details.open = true;
  form.querySelector("select, input:not([type=hidden]), textarea")?.focus();
  return true;
};
const KEYS = {
  r: () => open("form:has([data-remark-text])"),
  v: () => open("details[data-violation]"),
  "/": () => search && (search.focus(), true),
};

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.metaKey || event.isComposing) return;
  const typing = event.target.matches("textarea, select, input:not([type=checkbox]):not([type=radio])");
  if (event.target === search && event.key === "Enter") {
    const line = find(1);
    if (line && player) player.media.currentTime = Number(line.dataset.start) / 1000;
    return void event.preventDefault();
  }
  if (event.key === "Escape" && typing) return void event.target.blur();
  if (event.ctrlKey) {
    if (event.key === "Enter") document.querySelector("[data-score-card] [data-submit]")?.click();
    return;
  }
  if (typing || event.repeat || (event.key === " " && event.target.matches("button, summary, a"))) return;
  const key = event.key.toLowerCase();
  if (player?.keys[key]) player.keys[key]();
  else if (KEYS[key]) KEYS[key]();
  else if (/^[1-9]$/.test(key)) answer(key);
  else {
    const control = document.querySelector(`[data-key='${CSS.escape(key)}']`);
    if (!control) return;
    control.click();
  }
  event.preventDefault();
});
