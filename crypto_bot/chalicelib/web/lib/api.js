// Calls of the program's routes, relative to where this page came from: a stage's prefix stays.
import { expire, token } from "lib/session.js";

const HOME = new URL(".", location.href);
const UNKNOWN_TOKEN = 401;
const SAME = 304;

// `status` 0: nobody answered.
export class ApiError extends Error {
  constructor(status, message, field = "", body = {}) {
    super(message);
    Object.assign(this, { status, field, body });
  }

  // Whether the program itself said no. What a gateway answers in its place, or what it answers when it
  // fails, says nothing of whether it was done; nor does the refusal of a key that it knows already.
  get isRefusal() {
    return this.body.status === "refused" && this.field !== "Idempotency-Key";
  }
}

export function withQuery(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given).toString();
  return text ? `${path}${path.includes("?") ? "&" : "?"}${text}` : path;
}

// For what is sent once and must not happen twice, however often it is pressed or sent.
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, body, options) => call("POST", path, { ...options, body });
export const put = (path, body, options) => call("PUT", path, { ...options, body });
export const remove = (path, options) => call("DELETE", path, options);

export async function call(method, path, options) {
  return (await exchange(method, path, options)).data;
}

// -> {data, etag, same}; `same`: what `etag` named has not changed, and there is no data.
export async function exchange(method, path, { query, body, key, etag, headers = {}, signal } = {}) {
  const offered = token.value;
  const sent = { Accept: "application/json", Authorization: `Bearer ${offered}`, ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  if (key) sent["Idempotency-Key"] = key;
  if (etag) sent["If-None-Match"] = etag;
  const response = await ask(new URL(withQuery(path.replace(/^\//, ""), query), HOME), {
    method, signal, headers: sent, body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
  });
  if (response.status === SAME) return { same: true, etag };
  const data = await read(response);
  if (response.ok) return { data, etag: response.headers.get("ETag") ?? "" };
  const said = data?.error ?? data?.Message ?? data?.message ?? `the program answered ${response.status}`;
  // A late answer to a token that was replaced meanwhile says nothing of the one that is valid now.
  if (response.status === UNKNOWN_TOKEN && token.value === offered) expire();
  throw new ApiError(response.status, said, data?.field, data ?? {});
}

const ask = (url, init) => heard(fetch(url, init));

async function heard(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The program does not answer. Is it running, and is this machine online?");
  }
}

async function read(response) {
  const text = await heard(response.text());
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    if (response.ok) throw new ApiError(response.status, "the program's answer is no JSON");
    return null;
  }
}

// Saves what a route answers as a file: a link cannot carry the token. A list comes page by page, each
// with the names of its columns in the first line.
export async function download(path, name, { query } = {}) {
  const parts = [];
  let cursor;
  do {
    const response = await ask(new URL(withQuery(path.replace(/^\//, ""), { ...query, cursor }), HOME), {
      headers: { Authorization: `Bearer ${token.value}` }, cache: "no-store", credentials: "omit",
    });
    if (!response.ok) {
      const said = await read(response);
      throw new ApiError(response.status, said?.error ?? `the program answered ${response.status}`);
    }
    const text = await heard(response.text());
    parts.push(parts.length ? text.slice(text.indexOf("\n") + 1) : text);
    cursor = response.headers.get("X-Next-Cursor");
  } while (cursor);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
