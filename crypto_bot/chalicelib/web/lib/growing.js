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
  const busy = useRef(false);

  useEffect(() => {
    if (live.data === undefined || live.address === undefined) return;
    const rows = live.data[name];
    setList((old) => merged(old, asked, { rows, next: live.data.next ?? null, isFull: rows.length >= query.limit }, id));
  }, [live.data, asked]);

  async function load() {
    if (busy.current || !list.next || list.asked !== asked) return;
    busy.current = true;
    setLoadError(null);
    try {
      const page = await get(path, { query: { ...query, cursor: list.next } });
      setList((old) => (old.asked === asked ? longer(old, page[name], page.next ?? null, id) : old));
    } catch (error) {
      setLoadError(error);
    } finally {
      busy.current = false;
    }
  }
  const current = list.asked === asked ? list : { rows: live.data?.[name] ?? [], next: null };
  // With a filter, pages may be short or empty although there is more.
  useEffect(() => { if (current.rows.length < ENOUGH) load(); }, [current.next, current.rows.length]);
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

function longer(old, rows, next, id) {
  const ids = new Set(old.rows.map(id));
  return { ...old, rows: [...old.rows, ...rows.filter((row) => !ids.has(id(row)))], next };
}
