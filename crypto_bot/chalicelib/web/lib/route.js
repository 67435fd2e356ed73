// The address after `#` says everything that is shown: `#/signals/ID?strategy=btc-trend`.
import { signal } from "vendor/preact.js";

export const route = signal(read());

addEventListener("hashchange", lookAgain);

// Whoever changes the address without a step of Back says so here.
export function lookAgain() {
  route.value = read();
}

function read() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  return { path: path.startsWith("/") ? path : "/", query: Object.fromEntries(new URLSearchParams(query)) };
}

// `parts` of a path are escaped one by one: href("/signals", [id])
export function href(path, parts = [], query = {}) {
  const more = parts.map((part) => `/${encodeURIComponent(part)}`).join("");
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given).toString();
  return `#${path}${more}${text ? `?${text}` : ""}`;
}

export function go(path, parts, query) {
  location.hash = href(path, parts, query);
}

// What is filtered or opened belongs in the address, without a step of Back for each letter.
export function setQuery(changes) {
  const { path, query } = route.value;
  history.replaceState(null, "", href(path, [], { ...query, ...changes }));
  route.value = read();
}

// "/bots/{name}" and "/bots/trend" -> {name: "trend"}; null where they do not fit
export function match(pattern, path) {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const found = {};
  for (const [index, part] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name) found[name] = decoded(given[index]);
    else if (part !== given[index]) return null;
  }
  return found;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
