// Pipelines: how each stage of the market data ran last, and what is wrong with it.
import { html, useEffect } from "vendor/preact.js";
import { Icon } from "components/icons.js";
import { Badge, Card, Code, Facts, PageHead } from "components/parts.js";
import { Ago, AsOf, Empty, ErrorNote, Shown } from "components/states.js";
import { Table } from "components/table.js";
import { Progress, useJob } from "bots/job.js";
import { NOTHING, fullTime, span, time, words } from "lib/format.js";
import { renewAll, useLive } from "lib/live.js";
import { setQuery } from "lib/route.js";
import { mayAct } from "lib/session.js";

const COLUMNS = [
  { name: "Stage", cell: (row) => html`<strong>${words(row.stage)}</strong>` },
  { name: "Last run", cell: (row) => html`<${Badge} of=${row.outcome} tone=${toneOf(row)} />` },
  { name: "Ended", wide: true, cell: (row) => (row.ended_at ? html`<${Ago} at=${row.ended_at} />` : NOTHING) },
  { name: "Rows", end: true, cell: (row) => row.rows ?? NOTHING },
  { name: "Took", end: true, wide: true, cell: (row) => (row.seconds === undefined ? NOTHING : `${row.seconds} s`) },
  { name: "Lag", end: true, cell: (row) => (row.lag === null || row.lag === undefined ? NOTHING : span(Math.max(0, row.lag))) },
  { name: "Next", wide: true, cell: (row) => (row.next_at ? html`<${Ago} at=${row.next_at} />` : html`<span class="muted">by hand</span>`) },
  { name: "Trouble", wide: true, cell: (row) => row.trouble?.[0] ?? "" },
];

const toneOf = (row) => ({ done: "good", partly: "warn", failed: "bad" })[row.outcome] ?? "plain";

function Page({ query }) {
  const live = useLive("/pipelines");
  return html`<${PageHead} title="Pipelines" at=${html`<${AsOf} at=${live.at} />`} />
    <${Shown} live=${live}>${(data) => html`<${Stages} stages=${data.stages} opened=${query.stage} />`}<//>`;
}

function Stages({ stages, opened }) {
  const open = (row) => setQuery({ stage: row.stage === opened ? undefined : row.stage });
  const chosen = stages.find((row) => row.stage === opened);
  const never = stages.every((row) => row.outcome === "never");
  return html`${never && html`<${Card}><${Empty} title="No stage has run yet" icon="pipelines">
      Market data is kept where you ask for it: <code>crypto-bot pipeline run</code> runs every stage once, and <code>MARKET_FUNCTIONS</code> names those that run by themselves.<//><//>`}
    <${Table} label="Stages of market data" columns=${COLUMNS} rows=${stages} rowKey=${(row) => row.stage} open=${open} opened=${opened} />
    ${chosen && html`<${Stage} key=${chosen.stage} row=${chosen} />`}`;
}

function Stage({ row }) {
  const work = useJob(renewAll);
  useEffect(() => { if (row.job) work.follow(row.job); }, [row.job?.id]);  // begun before, or in another tab
  const why = work.job?.state === "failed" ? { message: work.job.error } : work.error;
  const at = (moment) => (moment ? html`<span title=${fullTime(moment)}>${time(moment)}</span>` : "");
  return html`<${Card} title=${words(row.stage)} acts=${html`<${Badge} of=${row.outcome} tone=${toneOf(row)} />`}>
    <${Facts} of=${[["Schedule", row.schedule || "by hand"], ["Began", at(row.began_at)], ["Ended", at(row.ended_at)],
      ["Made up to", at(row.as_of)], ["All done last", at(row.done_at)], ["Failing since", at(row.failing_since)]]} />
    ${row.trouble?.length > 0 && html`<ul class="pipelines-trouble">${row.trouble.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`}
    ${row.can_run && mayAct.value && html`<p class="pipelines-run"><button class="primary" disabled=${work.running}
      onClick=${() => work.begin(`/pipelines/${row.stage}/run`, {})}><${Icon} name="play" size="14" /> ${work.running ? "Running…" : "Run it now"}</button></p>
      <${Progress} of=${work} what=${words(row.stage)} /><${ErrorNote} error=${why} />`}
    ${row.command && html`<p class="muted">To run it now in a terminal:</p><${Code} text=${row.command} label="Command" />`}<//>`;
}

export const page = { Page };
