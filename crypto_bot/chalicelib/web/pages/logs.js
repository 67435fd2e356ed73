// Logs: the newest lines of the log, and what the owner was told.
import { html, useMemo } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { Badge, Card, PageHead, Tabs } from "components/parts.js";
import { AsOf, Empty, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { fullTime, time } from "lib/format.js";
import { useLive } from "lib/live.js";
import { href, setQuery } from "lib/route.js";

const LEVELS = [["DEBUG", "All"], ["INFO", "Info"], ["WARNING", "Warnings"], ["ERROR", "Errors"]];
const TONES = { WARNING: "warn", ERROR: "bad", CRITICAL: "bad", INFO: "info" };

function Page({ query }) {
  const kind = query.kind === "notices" ? "notices" : "log";
  const level = query.level ?? "INFO";
  const live = useLive(kind === "log" ? "/logs" : "/notices", { query: kind === "log" ? { limit: 200, level, containing: query.find } : { limit: 200 } });
  return html`<${PageHead} title="Logs" at=${html`<${AsOf} at=${live.at} />`} />
    <div class="bar"><${Tabs} label="What is shown" options=${[["log", "Log"], ["notices", "Notices"]]} value=${kind} choose=${(one) => setQuery({ kind: one === "log" ? undefined : one })} />
      ${kind === "log" && html`<${Tabs} label="Least level" options=${LEVELS} value=${level} choose=${(one) => setQuery({ level: one === "INFO" ? undefined : one })} />
        <div class="search"><${Icon} name="search" size="16" /><input type="search" aria-label="Only lines with" placeholder="Only lines with …" value=${query.find ?? ""}
          onInput=${(event) => setQuery({ find: event.target.value || undefined })} /></div>`}</div>
    <${Shown} live=${live}>${(data) => (kind === "log" ? html`<${Lines} data=${data} filtered=${Boolean(query.find)} />` : html`<${Notices} notices=${data.notices} />`)}<//>`;
}

function Lines({ data, filtered }) {
  if (!data.lines.length) {
    return html`<${Card}><${Empty} title=${filtered ? "No such line" : "No lines here"} icon="logs">The log is in <code>${data.where}</code>.<//><//>`;
  }
  return html`<${Card} title="Newest lines" acts=${html`<small class="muted mono">${data.where}</small>`}>
    <ol class="logs-lines" tabindex="0" aria-label="Newest lines of the log">${data.lines.map((line, at) => html`<${Line} key=${`${line.at} ${at}`} line=${line} />`)}</ol><//>`;
}

function Line({ line }) {
  return html`<li><time title=${fullTime(line.at)}>${time(line.at)}</time><${Badge} of=${line.level} tone=${TONES[line.level] ?? "plain"} />
    <div><span>${line.message}</span>${line.more && html`<details><summary>More</summary><pre tabindex="0">${line.more}</pre></details>`}
      <small class="muted">${line.logger}${line.correlation ? ` · ${line.correlation}` : ""}</small></div></li>`;
}

function Notices({ notices }) {
  const columns = useMemo(() => [
    { name: "Time", cell: (row) => html`<span title=${fullTime(row.at)}>${time(row.at)}</span>` },
    { name: "Gravity", cell: (row) => html`<${Badge} of=${row.severity} tone=${row.severity === "P1" ? "bad" : "warn"} />` },
    { name: "What", cell: (row) => (row.signal_id ? html`<a href=${href("/signals", [row.signal_id])}>${row.sentence}</a>` : row.sentence) },
    { name: "Told over", wide: true, cell: (row) => row.told.join(", ") || html`<span class="muted">nobody</span>` },
  ], []);
  return notices.length
    ? html`<${Table} label="Notices" columns=${columns} rows=${notices} rowKey=${(row) => `${row.at} ${row.sentence}`} />`
    : html`<${Card}><${Empty} title="Nothing was worth saying yet" icon="send">What needs you is said here, and over your channels.<//><//>`;
}

export const page = { Page };
