// `/` goes to the search of the page, `g` and a letter to a page, `?` lists them.
import { go } from "lib/route.js";

const SOON = 1200;
let goingSince = -Infinity;

export function listen(letters, help) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    // When the keys were pressed, not when this busy page came to hear of them.
    const path = event.timeStamp - goingSince < SOON ? letters[event.key] : undefined;
    goingSince = event.key === "g" ? event.timeStamp : -Infinity;
    if (path !== undefined) go(path);
    else if (event.key === "/") focusSearch(event);
    else if (event.key === "?") help();
  });
}

function focusSearch(event) {
  const search = document.querySelector("input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
}

const isTyping = (target) => target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
