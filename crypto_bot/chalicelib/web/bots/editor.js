// The editor of a bot: CodeMirror in a shadow root of its own, since its styles may not stand in the page.
import { html, useEffect, useRef } from "vendor/preact.js";
import {
  Compartment, EditorState, EditorView, basicSetup, hoverTooltip, indentUnit, indentWithTab, keymap, lintGutter,
  oneDark, python, pythonLanguage, setDiagnostics,
} from "vendor/codemirror.js";
import { offered, told } from "bots/completion.js";
import { colour, theme } from "lib/theme.js";

// `text` is put in whenever `opening` changes, and not in between: what comes back from the page is older than
// what is typed. `change(text)` hears of every stroke.
// problems: [{line, column, text}]; `words`: of /bot_words; `handle.current.goTo(line, column)`.
export function Editor({ text, opening, change, problems, words, readOnly, save, handle }) {
  const box = useRef(null);
  const view = useRef(null);
  const heard = useRef({ change, save, words });
  heard.current = { change, save, words };

  useEffect(() => {
    const root = box.current.shadowRoot ?? box.current.attachShadow({ mode: "open" });
    const parts = { look: new Compartment(), rights: new Compartment() };
    const made = new EditorView({
      root, parent: root,
      state: EditorState.create({ doc: text, extensions: [
        keymap.of([{ key: "Mod-s", preventDefault: true, run: () => { heard.current.save?.(); return true; } }]),
        basicSetup, keymap.of([indentWithTab]), python(), indentUnit.of("    "), lintGutter(),
        pythonLanguage.data.of({ autocomplete: (context) => offered(context, heard.current.words) }),
        hoverTooltip((editor, at) => told(editor, at, heard.current.words)),
        EditorView.updateListener.of((update) => { if (update.docChanged) heard.current.change(update.state.doc.toString()); }),
        EditorView.contentAttributes.of({ "aria-label": "Source of the bot", tabindex: "0" }),
        parts.look.of(look()), parts.rights.of(rights(readOnly)),
      ] }),
    });
    view.current = { made, ...parts };
    if (handle) handle.current = { goTo: (line, column) => goTo(made, line, column), text: () => made.state.doc.toString() };
    const unhear = theme.subscribe(() => requestAnimationFrame(() => made.dispatch({ effects: parts.look.reconfigure(look()) })));
    return () => { unhear(); made.destroy(); };
  }, []);
  useEffect(() => {
    const { made, rights: part } = view.current;
    made.dispatch({ effects: part.reconfigure(rights(readOnly)) });
  }, [readOnly]);
  useEffect(() => {
    const { made } = view.current;
    if (made.state.doc.toString() !== text) made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: text } });
  }, [opening]);
  useEffect(() => {
    const { made } = view.current;
    made.dispatch(setDiagnostics(made.state, problems.map((problem) => marked(made.state.doc, problem))));
  }, [problems]);
  return html`<div class="editor" ref=${box}></div>`;
}

// What cannot be changed can be reached by the keyboard all the same, and scrolled: by its tabindex.
const rights = (readOnly) => [EditorState.readOnly.of(Boolean(readOnly)), EditorView.editable.of(!readOnly)];

function look() {
  const frame = EditorView.theme({
    "&": { height: "100%", fontSize: "13px", backgroundColor: colour("surface") },
    ".cm-scroller": { fontFamily: colour("mono"), lineHeight: "1.55" },
    ".cm-gutters": { backgroundColor: colour("surface"), color: colour("muted"), border: "none" },
    ".cm-activeLineGutter": { backgroundColor: colour("raised"), color: colour("text") },
    "&.cm-focused": { outline: "none" },
  }, { dark: theme.value === "dark" });
  return theme.value === "dark" ? [frame, oneDark] : [frame];
}

function marked(doc, { line, column, text }) {
  const found = doc.line(Math.min(Math.max(1, line), doc.lines));
  const from = Math.min(found.to, found.from + Math.max(0, column - 1));
  return { from: column > 1 ? from : found.from, to: Math.max(from, found.to), severity: "error", message: text };
}

function goTo(made, line, column = 1) {
  const found = made.state.doc.line(Math.min(Math.max(1, line), made.state.doc.lines));
  const at = Math.min(found.to, found.from + Math.max(0, column - 1));
  made.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
  made.focus();
}
