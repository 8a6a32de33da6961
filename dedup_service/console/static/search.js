// From the box to the results by the arrow; without this, by Tab.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" || event.target.id !== "q") return;
  const first = document.querySelector("#results a[href]");
  if (!first) return;
  event.preventDefault();
  first.focus({ focusVisible: true });
});
