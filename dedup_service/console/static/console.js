// What every page does beyond links and forms. Without it everything still works.
"use strict";

// The server writes times in the reader's zone, which only the browser knows.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
if (zone && !document.cookie.includes(`dedup_zone=${zone}`)) {
  document.cookie = `dedup_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
}

// Whoever presses twice meant it once: after a decision comes the next proposal, and what the second press
// would decide there was not seen yet.
const UNSEEN_MILLISECONDS = 700;
const isAfterDecision = document.querySelector(".said") !== null;
let shownAt = performance.now();
window.addEventListener("pageshow", () => { shownAt = performance.now(); });

// A form is sent once; the request id in it makes a second one harmless, this makes it seldom.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  const isUnseen = isAfterDecision && performance.now() - shownAt < UNSEEN_MILLISECONDS;
  if (isUnseen && form.matches(".decide-form")) {
    event.preventDefault();
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});
// A page that comes back by the back button has forms that can be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// A menu closes when something else is clicked, or with Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
