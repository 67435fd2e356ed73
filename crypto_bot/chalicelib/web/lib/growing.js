// A list that the program hands out page by page, newest first: live at its head, longer on demand.
import { useEffect, useRef, useState } from "vendor/preact.js";
import { get } from "lib/api.js";
import { useLive } from "lib/live.js";

const ENOUGH = 30;

// `name` is the list's in the answer: {"signals": [...], "next": cursor or null}; `query` names the `limit`.
// -> useLive's, and {rows, more, load, loadError}
export function useGrowing(path, name, { query = {}, id = (row) => row.id, every } = {}) {
  const live = useLive(path, { query, every });
  const asked = JSON.stringify([path, query]);
  const [list, setList] = useState({ asked: "", rows: [], next: null, head: 0 });
  const [loadError, setLoadError] = useState(null);
  const asking = useRef(null);  // the controller of the page that is on its way

  useEffect(() => {
    if (live.data === undefined || live.address === undefined) return;
    const rows = live.data[name];
    setList((old) => merged(old, asked, { rows, next: live.data.next ?? null, isFull: rows.length >= query.limit }, id));
  }, [live.data, asked]);

  // What is on its way for another list is neither waited for nor told of.
  useEffect(() => {
    setLoadError(null);
    return () => { asking.current?.abort(); asking.current = null; };
  }, [asked]);

  async function load() {
    if (asking.current || !list.next || list.asked !== asked) return;
    const control = new AbortController();
    asking.current = control;
    setLoadError(null);
    try {
      const page = await get(path, { query: { ...query, cursor: list.next }, signal: control.signal });
      setList((old) => (old.asked === asked ? longer(old, list.next, page[name], page.next ?? null, id) : old));
    } catch (error) {
      if (!control.signal.aborted) setLoadError(error);
    } finally {
      if (asking.current === control) asking.current = null;
    }
  }
  const current = list.asked === asked ? list : { rows: live.data?.[name] ?? [], next: null };
  // With a filter, pages may be short or empty although there is more.
  useEffect(() => { if (current.rows.length < ENOUGH || current.isBehind) load(); }, [current.next, current.rows.length, current.isBehind]);
  return { ...live, rows: current.rows, more: Boolean(current.next), load, loadError };
}

// Only what lies beyond the newest page is kept: a row that is missing within it does not fit any more.
// A page that is not full ends nobody knows where, so that a row after its last one may have been within it:
// then, and with a gap between, the list begins anew.
function merged(old, asked, { rows, next, isFull }, id) {
  const last = rows.length ? id(rows[rows.length - 1]) : undefined;
  const place = next !== null && old.asked === asked ? old.rows.findIndex((row) => id(row) === last) : -1;
  const head = rows.length;
  if (place < 0 || (!isFull && place + 1 < old.head)) return { asked, rows, next, head };
  return { asked, rows: [...rows, ...old.rows.slice(place + 1)], next: old.next, head };
}

// A list that began anew while the page of `cursor` was on its way goes on elsewhere: rows between would be
// missing. It is `isBehind` then: somebody wanted more of it.
function longer(old, cursor, rows, next, id) {
  if (old.next !== cursor) return { ...old, isBehind: true };
  const ids = new Set(old.rows.map(id));
  return { ...old, isBehind: false, rows: [...old.rows, ...rows.filter((row) => !ids.has(id(row)))], next };
}
