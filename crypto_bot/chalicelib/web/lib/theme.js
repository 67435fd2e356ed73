// Dark or light: what the machine says, unless somebody pressed the button.
import { signal } from "vendor/preact.js";

const KEY = "crypto-bot-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export const theme = signal(localStorage.getItem(KEY) ?? (dark.matches ? "dark" : "light"));

dark.addEventListener("change", () => {
  if (!localStorage.getItem(KEY)) theme.value = dark.matches ? "dark" : "light";
});

// Charts that draw on a canvas read their colours from here, and again when `theme` changes.
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export function switchTheme() {
  theme.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, theme.value);
}
