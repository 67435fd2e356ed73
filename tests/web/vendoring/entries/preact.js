// The one import of our pages: Preact, its hooks, signals, and htm bound to Preact.
import { h } from "preact";
import htm from "htm";

export { h, render, Fragment, Component, createContext, createRef } from "preact";
export {
  useState, useEffect, useLayoutEffect, useMemo, useCallback, useRef, useReducer, useContext, useId,
} from "preact/hooks";
export { signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect } from "@preact/signals";
export const html = htm.bind(h);
