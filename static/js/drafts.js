// What somebody types into a long form is kept on the server as they type: a page left by mistake or a session that ended loses nothing.
// A form has a draft where it holds a text box, or says `data-draft` (with a name, where its page alone does not say what it is about).
(() => {
  const WAIT = 800; // ms after the last key
  const waiting = new Map(); // by form
  const address = document.body.dataset.drafts;
  if (!address) return;

  const keyOf = (form) => `${location.pathname}#${form.dataset.draft || new URL(form.action, location.href).pathname}`;
  const fieldsOf = (form) =>
    [...form.elements].filter(
      (each) => each.name && each.autocomplete !== "off" && !["hidden", "password", "file", "submit", "button"].includes(each.type),
    );
  const isTicked = (field) => ["radio", "checkbox"].includes(field.type);

  const valuesOf = (form) => {
    const values = {};
    for (const each of fieldsOf(form)) {
      values[each.name] ??= [];
      if (each.type === "select-multiple") values[each.name].push(...[...each.selectedOptions].map((option) => option.value));
      else if (!isTicked(each) || each.checked) values[each.name].push(each.value);
    }
    return values;
  };

  const send = (key, fields) =>
    fetch(address, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"],
      },
      body: JSON.stringify({ key, fields }),
    });

  const fill = (form, values) => {
    let changed = false;
    for (const each of fieldsOf(form)) {
      const kept = values[each.name];
      if (!kept) continue;
      if (isTicked(each)) {
        changed ||= each.checked !== kept.includes(each.value);
        each.checked = kept.includes(each.value);
      } else if (each.type === "select-multiple") {
        for (const option of each.options) {
          changed ||= option.selected !== kept.includes(option.value);
          option.selected = kept.includes(option.value);
        }
      } else if (kept.length) {
        changed ||= each.value !== kept[0];
        each.value = kept[0];
      }
    }
    return changed;
  };

  const restore = async (form) => {
    const key = keyOf(form);
    const answer = await fetch(`${address}?key=${encodeURIComponent(key)}`, { headers: { "X-Polling": "true" } });
    if (answer.status !== 200 || waiting.has(form)) return; // nothing kept, or somebody types already
    if (!fill(form, (await answer.json()).fields)) return;
    const word = document.getElementById("draft-restored").content.firstElementChild.cloneNode(true);
    word.querySelector("button").addEventListener("click", async () => {
      await send(key, {});
      location.reload();
    });
    form.before(word);
    form.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const begin = (form) => {
    if (form.dataset.kept) return;
    form.dataset.kept = "1";
    const key = document.createElement("input");
    Object.assign(key, { type: "hidden", name: "draft_key", value: keyOf(form) });
    form.append(key);
    form.addEventListener("input", () => {
      clearTimeout(waiting.get(form));
      waiting.set(form, setTimeout(() => send(keyOf(form), valuesOf(form)), WAIT));
    });
    form.addEventListener("submit", () => clearTimeout(waiting.get(form)));
    // A form that is drawn again with what was typed, or with errors, is newer than its draft.
    if (!form.matches("[data-carried]") && !form.querySelector(".is-invalid, .invalid-feedback, .alert-danger")) restore(form);
  };

  const beginAll = () => {
    for (const form of document.querySelectorAll('#content form[method="post"]'))
      if (form.matches("[data-draft]") || form.querySelector("textarea")) begin(form);
  };
  beginAll();
  document.addEventListener("htmx:afterSettle", beginAll);
})();
