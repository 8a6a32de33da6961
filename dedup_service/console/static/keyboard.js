// The keyboard. An element with data-key is clicked by that key, or entered if it is a field; "g i" is one key
// after the other. Elements with data-row are a list: j and k move, Enter opens, x selects. Whoever does not
// want keys of one character turns them off in the dialog that "?" opens; arrows, Enter and Escape remain.
"use strict";
{
  const OFF = "dedup-keys-off";
  const SEQUENCE_MILLISECONDS = 1500;
  const FIELDS = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";

  // Storage may be forbidden; then the keys are on.
  const stored = {
    get() { try { return localStorage.getItem(OFF); } catch { return null; } },
    set(value) {
      try {
        if (value) localStorage.setItem(OFF, value);
        else localStorage.removeItem(OFF);
      } catch { /* It lasts as long as the page, then. */ }
    },
  };
  let off = stored.get() === "yes";
  let begun = "";
  let begunAt = 0;

  const dialog = document.getElementById("keys");
  const visible = (element) => element.getClientRects().length > 0 && !element.disabled;
  const inMenu = (element) => element.closest("details:not([open])") !== null;
  const keyed = () => [...document.querySelectorAll("[data-key]")].filter((one) => visible(one) || inMenu(one));
  const rows = () => [...document.querySelectorAll("[data-row]")].filter(visible);
  const linkOf = (row) => row.querySelector("[data-row-link]") || row.querySelector("a[href]");

  // Rows.
  function current() {
    const row = document.activeElement && document.activeElement.closest("[data-row]");
    return row ? rows().indexOf(row) : -1;
  }
  function move(step) {
    const all = rows();
    if (!all.length) return false;
    const at = current();
    const to = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
    const target = linkOf(all[to]) || all[to];
    target.focus({ preventScroll: true, focusVisible: true });
    all[to].scrollIntoView({ block: "nearest" });
    return true;
  }
  function select() {
    const at = current();
    const box = at >= 0 && rows()[at].querySelector("input[type=checkbox]");
    if (!box) return false;
    box.click();
    return true;
  }

  // The dialog.
  function entry(list, keys, label) {
    const term = document.createElement("dt");
    keys.split(" ").forEach((key, place) => {
      if (place) term.append(" ");
      const cap = document.createElement("kbd");
      cap.textContent = key;
      term.append(cap);
    });
    const text = document.createElement("dd");
    text.textContent = label;
    list.append(term, text);
  }
  function open() {
    if (!dialog || dialog.open) return;
    const here = dialog.querySelector("[data-keys=page] dl");
    const everywhere = dialog.querySelector("[data-keys=everywhere] dl");
    here.replaceChildren();
    everywhere.replaceChildren();
    const told = new Set();
    for (const one of keyed()) {
      const keys = one.dataset.key;
      if (told.has(keys) || !one.dataset.keyLabel) continue;
      told.add(keys);
      entry(one.closest("header.side") ? everywhere : here, keys, one.dataset.keyLabel);
    }
    const list = dialog.querySelector("[data-keys=list]");
    list.hidden = !rows().length;
    dialog.querySelector("[data-keys-boxes]").hidden = !document.querySelector("[data-row] input[type=checkbox]");
    dialog.querySelector("[data-keys=page]").hidden = !here.children.length;
    dialog.querySelector("[data-keys-none]").hidden = here.children.length > 0 || !list.hidden;
    dialog.querySelector("[data-keys-toggle]").checked = !off;
    dialog.showModal();
  }

  // What a key does.
  function press(element) {
    const menu = element.closest("details:not([open])");
    if (menu && !element.matches("a[href]")) menu.open = true;
    if (element.matches(FIELDS)) {
      element.focus();
      if (element.select) element.select();
    } else {
      element.click();
    }
  }
  // On a keyboard of another script the key where "a" is has another letter: there the place counts.
  const PLACES = { BracketLeft: "[", BracketRight: "]", Slash: "/" };
  function keyOf(event) {
    if (/^[a-z]$/i.test(event.key)) return event.shiftKey ? event.key : event.key.toLowerCase();
    if (/^[ -~]+$/.test(event.key) || event.shiftKey) return event.key;
    const letter = /^Key([A-Z])$/.exec(event.code);
    return letter ? letter[1].toLowerCase() : PLACES[event.code] || event.key;
  }
  function find(keys) {
    return keyed().find((one) => one.dataset.key === keys);
  }
  function sequence(key) {
    const now = Date.now();
    const both = begun && now - begunAt < SEQUENCE_MILLISECONDS ? `${begun} ${key}` : "";
    begun = "";
    const second = both && find(both);
    if (second) return second;
    const begins = keyed().some((one) => one.dataset.key.startsWith(`${key} `));
    const alone = find(key);
    if (!alone && begins) {
      begun = key;
      begunAt = now;
    }
    return alone;
  }
  function typing(target) {
    return target instanceof Element && target.closest(FIELDS) !== null;
  }

  document.addEventListener("keydown", (event) => {
    // 229 is what some browsers still say while a character is being composed.
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      // Without a row in focus the arrows scroll, as everywhere.
      if (current() >= 0 && move(event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
      return;
    }
    if (event.key === "Escape" && !document.querySelector("details.menu[open]")) {
      const leave = find("Escape");
      if (leave) press(leave);
      return;
    }
    const key = keyOf(event);
    if (off || key.length !== 1 || key === " ") return;
    if (key === "?") {
      event.preventDefault();
      open();
      return;
    }
    const waiting = begun && Date.now() - begunAt < SEQUENCE_MILLISECONDS;
    if (!waiting && ((key === "j" && move(1)) || (key === "k" && move(-1)) || (key === "x" && select()))) {
      event.preventDefault();
      return;
    }
    if (event.repeat) return;
    const element = sequence(key);
    if (!element) return;
    event.preventDefault();
    press(element);
  });

  for (const one of document.querySelectorAll("[data-keys-open]")) {
    one.hidden = false;
    one.addEventListener("click", open);
  }
  const toggle = dialog && dialog.querySelector("[data-keys-toggle]");
  if (toggle) {
    toggle.addEventListener("change", () => {
      off = !toggle.checked;
      stored.set(off ? "yes" : "");
    });
  }
}
