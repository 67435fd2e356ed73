// What an editor of Python needs, and nothing of other languages.
export { basicSetup, minimalSetup } from "codemirror";
export { EditorState, Compartment, StateField, StateEffect } from "@codemirror/state";
export { EditorView, keymap, Decoration, hoverTooltip } from "@codemirror/view";
export { indentWithTab, defaultKeymap, historyKeymap } from "@codemirror/commands";
export { python, pythonLanguage } from "@codemirror/lang-python";
export { autocompletion, completeFromList, snippetCompletion } from "@codemirror/autocomplete";
export { linter, lintGutter, setDiagnostics, forceLinting, openLintPanel } from "@codemirror/lint";
export { indentUnit, syntaxTree, syntaxHighlighting, HighlightStyle } from "@codemirror/language";
export { openSearchPanel } from "@codemirror/search";
export { oneDark } from "@codemirror/theme-one-dark";
