// A suggestion goes into its field at once; without this the button asks the server to put it there.
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-use-for]");
  const field = button && document.getElementById(button.dataset.useFor);
  if (!field) return;
  event.preventDefault();
  field.value = button.dataset.use;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
