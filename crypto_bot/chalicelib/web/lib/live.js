// What a page shows and keeps up to date: polled, asked by ETag, kept while it is the same.
import { signal, useCallback, useEffect, useState } from "vendor/preact.js";
import { exchange, withQuery } from "lib/api.js";
import { ended } from "lib/session.js";

const EVERY = 5000;
const LONGEST = 60000;
const MOST_KEPT = 60;
const PATIENCE = 60000;  // who never answers would stop a poll without a word

const kept = new Map();  // address -> {data, etag, at, acts}: a page that is opened again shows at once
const polls = new Map();  // address -> the one that asks, however many show it
let acts = 0;  // so many were there: what was kept before the last one is asked for whole, without its tag

// -> {data, tag, error, loading, stale, at, refresh}
// `data` is the same object until it changes; `at` is a signal of when it was last known to be true.
// `tag` is its entity tag, for If-Match of an edit.
// `stale`: there is data, and the last try to renew it failed. `path` null: nothing is asked.
// `every` 0: asked once, and by refresh().
export function useLive(path, { query, every = EVERY } = {}) {
  const address = path === null ? null : withQuery(path, query);
  const [state, setState] = useState(() => shown(address));
  useEffect(() => {
    if (address === null) return undefined;
    setState(shown(address));
    return follow(address, every, setState);
  }, [address, every]);
  const refresh = useCallback(() => polls.get(address)?.now(), [address]);
  const current = state.address === address ? state : shown(address);
  const { at, etag } = entry(address);
  return { ...current, at, tag: etag, refresh, stale: Boolean(current.error && current.data !== undefined) };
}

// After an act: whatever is shown is asked again now, the rest when it is shown next.
export function renewAll() {
  acts += 1;
  for (const address of kept.keys()) if (!polls.has(address)) kept.delete(address);
  for (const poll of polls.values()) poll.now();
}

function entry(address) {
  if (!kept.has(address)) kept.set(address, { data: undefined, etag: "", at: signal(null), acts });
  return kept.get(address);
}

function shown(address, error = null) {
  const data = address === null ? undefined : entry(address).data;
  return { address, data, error, loading: address !== null && data === undefined && !error };
}

function follow(address, every, listener) {
  const poll = polls.get(address) ?? start(address, every);
  poll.listeners.add(listener);
  return () => {
    poll.listeners.delete(listener);
    if (!poll.listeners.size) poll.stop();
  };
}

const same = (old, next) => old.address === next.address && old.data === next.data
  && old.loading === next.loading && old.error?.message === next.error?.message;

function start(address, every) {
  const control = new AbortController();
  const listeners = new Set();
  let timer = 0;
  let failures = 0;
  let running = false;
  let asked = false;

  async function once() {
    clearTimeout(timer);
    asked = running;
    if (running || control.signal.aborted) return;
    running = true;
    let error = null;
    try {
      await renew(address, control.signal);
    } catch (caught) {
      error = caught;
    }
    running = false;
    if (control.signal.aborted) return;
    failures = error ? failures + 1 : 0;
    const next = shown(address, error);
    for (const tell of listeners) tell((old) => (same(old, next) ? old : next));
    if (asked) once();
    else if (every) timer = setTimeout(once, Math.min(every * 2 ** failures, LONGEST));
  }
  function looked() {
    if (!document.hidden) once();
    else clearTimeout(timer);
  }
  document.addEventListener("visibilitychange", looked);
  const unhear = ended.subscribe((reason) => { if (!reason && failures) once(); });
  const poll = {
    listeners,
    now: once,
    stop() {
      control.abort();
      clearTimeout(timer);
      unhear();
      document.removeEventListener("visibilitychange", looked);
      polls.delete(address);
    },
  };
  polls.set(address, poll);
  once();
  return poll;
}

async function renew(address, abort) {
  const old = entry(address);
  const asked = acts;
  const answer = await exchange("GET", address, {
    etag: old.acts === asked ? old.etag : "", signal: AbortSignal.any([abort, AbortSignal.timeout(PATIENCE)]),
  });
  if (!answer.same) Object.assign(old, { data: answer.data, etag: answer.etag });
  old.acts = asked;
  old.at.value = Date.now();
  for (const other of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    if (!polls.has(other)) kept.delete(other);
  }
}
