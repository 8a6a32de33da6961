// What every page does beyond links and forms. Without it everything still works.
"use strict";

// The server writes times in the reader's zone, which only the browser knows.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
const isOverTls = location.protocol === "https:";
const zoneCookie = `${isOverTls ? "__Host-" : ""}dedup_zone=${zone}`;
if (zone && !document.cookie.split("; ").includes(zoneCookie)) {
  document.cookie = `${zoneCookie}; path=/; max-age=31536000; samesite=lax${isOverTls ? "; secure" : ""}`;
}

// What a page shows of people goes with the session: in all tabs when somebody signs out in one of them, and
// an hour after the last page of any tab, when the session is over too.
{
  const USED = "dedup-used";
  const LEAVING = "dedup-leaving";
  const SESSION_MILLISECONDS = 60 * 60 * 1000;
  const LOOK_MILLISECONDS = 20 * 1000;
  const signOut = document.querySelector("form[action='/sign-out']");
  // Storage may be forbidden; then what is shown stays until the tab is closed.
  try {
    if (signOut) {
      const use = () => localStorage.setItem(USED, String(Date.now()));
      use();
      sessionStorage.removeItem(LEAVING);
      signOut.addEventListener("submit", () => sessionStorage.setItem(LEAVING, "yes"));
      document.addEventListener("htmx:afterRequest", use);
      window.addEventListener("storage", (event) => {
        if (event.key === USED && event.newValue === null) location.reload();
      });
      window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
      setInterval(() => {
        const unused = Date.now() - Number(localStorage.getItem(USED));
        if (unused > SESSION_MILLISECONDS + LOOK_MILLISECONDS) location.reload();
      }, LOOK_MILLISECONDS);
    } else if (sessionStorage.getItem(LEAVING)) {
      sessionStorage.removeItem(LEAVING);
      localStorage.removeItem(USED);
    }
  } catch { /* As it is without this script. */ }
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
