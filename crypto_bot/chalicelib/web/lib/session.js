// Who is looking: the token and what it may do. Kept in this tab only, never in a cookie or a query.
import { signal, computed } from "vendor/preact.js";

const KEY = "crypto-bot-token";

export const token = signal("");
export const role = signal("");
// Why the token is asked for again; the page behind stays as it was.
export const ended = signal("");
export const mayAct = computed(() => role.value === "owner");

// `#token=...`, as the program prints it, is taken out of the address before anything else runs.
export function takeToken() {
  const offered = /^#token=([^&]+)(?:&to=(.*))?$/.exec(location.hash);
  if (offered) {
    history.replaceState(null, "", `${location.pathname}#${offered[2] || "/"}`);
    keep(decodeURIComponent(offered[1]));
    return;
  }
  token.value = sessionStorage.getItem(KEY) ?? "";
}

export function keep(text) {
  token.value = text;
  sessionStorage.setItem(KEY, text);
}

export function begin(as) {
  role.value = as;
  ended.value = "";
}

export function forget() {
  sessionStorage.removeItem(KEY);
  token.value = "";
}

// The server did not know the token (any more).
export function expire() {
  sessionStorage.removeItem(KEY);
  if (role.value) ended.value = "Your token is not valid any more.";
  else token.value = "";
}

export function leave() {
  sessionStorage.removeItem(KEY);
  location.reload();  // whatever was shown or kept in memory is gone with the page
}
