// What the editor offers while a bot is written: the engine's own words, as /bot_words tells them.

const CONTEXTS = /(?:^|[^\w.])(?:ctx|data|context)(?:\[[^\]]*\])?\.$/;
const INDICATORS = /\bself\.\w+(?:\.\w+)?\.$/;
const PLACES = { ctx: "Of the context", indicator: "Of an indicator", class: "Of the class", module: "Of the engine", order: "Of an order" };

// A source of completions; Python's own words are offered beside these.
export function offered(context, words) {
  const word = context.matchBefore(/\w*/);
  if (!word || (word.from === word.to && !context.explicit && !behindDot(context, word.from))) return null;
  const line = context.state.doc.lineAt(word.from);
  const before = line.text.slice(0, word.from - line.from);
  const wanted = places(before);
  const options = words.filter(({ of }) => wanted.includes(of)).map(option);
  return options.length ? { from: word.from, options, validFor: /^\w*$/ } : null;
}

const behindDot = (context, at) => context.state.sliceDoc(Math.max(0, at - 1), at) === ".";

function places(before) {
  if (CONTEXTS.test(before)) return ["ctx"];
  if (INDICATORS.test(before)) return ["indicator"];
  if (before.endsWith(".")) return [];
  return /^ {4}\w*$/.test(before) || before === "    " ? ["class", "module"] : ["module"];
}

const option = ({ name, signature, told: info }) => ({
  label: name, detail: signature, info: info || undefined, type: signature ? "function" : "property", boost: 1,
});

// What a word of the engine means, where the pointer rests on it.
export function told(editor, at, words) {
  const { from, text } = editor.state.doc.lineAt(at);
  const start = from + text.slice(0, at - from).search(/\w*$/);
  const name = /^\w*/.exec(editor.state.sliceDoc(start, from + text.length))[0];
  const before = text.slice(0, start - from);
  const found = words.find((word) => word.name === name && places(before).includes(word.of));
  if (!name || !found || !(found.told || found.signature)) return null;
  return { pos: start, end: start + name.length, above: true, create: () => ({ dom: card(found) }) };
}

function card({ of, name, signature, told: info }) {
  const dom = document.createElement("div");
  dom.style.cssText = "padding: 6px 10px; max-width: 420px; font: 12.5px/1.45 system-ui, sans-serif";
  const head = document.createElement("code");
  head.textContent = `${name}${signature}`;
  const place = document.createElement("small");
  place.textContent = ` ${PLACES[of] ?? ""}`;
  const text = document.createElement("p");
  text.style.margin = "4px 0 0";
  text.textContent = info;
  dom.append(head, place, text);
  return dom;
}
