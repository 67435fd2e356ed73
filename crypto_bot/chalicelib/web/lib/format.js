// Numbers and times as a person reads them. Money is text and stays exact: no floating point here.

const EXACT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
export const NOTHING = "–";

// -> {minus, whole, fraction}, or null where it is no number
function parts(text) {
  const found = EXACT.exec(String(text ?? "").trim());
  if (!found || !(found[2] || found[3])) return null;
  let whole = found[2] || "0";
  let fraction = found[3] ?? "";
  const shift = Number(found[4] ?? 0);
  if (shift > 0) {
    fraction = fraction.padEnd(shift, "0");
    [whole, fraction] = [whole + fraction.slice(0, shift), fraction.slice(shift)];
  } else if (shift < 0) {
    whole = whole.padStart(1 - shift, "0");
    [whole, fraction] = [whole.slice(0, shift), whole.slice(shift) + fraction];
  }
  whole = whole.replace(/^0+(?=\d)/, "");
  return { minus: found[1] === "-" && /[1-9]/.test(whole + fraction), whole, fraction };
}

function rounded({ minus, whole, fraction }, digits) {
  const kept = fraction.padEnd(digits + 1, "0");
  let scaled = BigInt(whole + kept.slice(0, digits));
  if (kept[digits] >= "5") scaled += 1n;
  const text = scaled.toString().padStart(digits + 1, "0");
  const cut = text.length - digits;
  return { minus: minus && scaled > 0n, whole: text.slice(0, cut), fraction: text.slice(cut) };
}

const grouped = (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ",");

function written({ minus, whole, fraction }) {
  return `${minus ? "−" : ""}${grouped(whole)}${fraction ? `.${fraction}` : ""}`;
}

// "1234.5" -> "1,234.50"; what is less than a tenth keeps the digits that say something.
export function money(text, digits = 2) {
  const given = parts(text);
  if (!given) return NOTHING;
  const small = given.whole === "0" && /^0+[1-9]/.test(given.fraction);
  return small ? written(parts(shortened(given, 4))) : written(rounded(given, digits));
}

// As exact as it is, without zeros that say nothing.
export function amount(text, digits = 8) {
  const given = parts(text);
  if (!given) return NOTHING;
  const fit = given.fraction.length > digits ? rounded(given, digits) : given;
  return written({ ...fit, fraction: fit.fraction.replace(/0+$/, "") });
}

function shortened({ minus, fraction }, figures) {
  const zeros = /^0*/.exec(fraction)[0].length;
  const kept = rounded({ minus, whole: "0", fraction }, zeros + figures);
  return `${minus ? "-" : ""}${kept.whole}.${kept.fraction.replace(/0+$/, "") || "0"}`;
}

// With a sign, for profit and loss.
export function signed(text, digits = 2) {
  const shown = money(text, digits);
  return tone(text) === "up" ? `+${shown}` : shown;
}

// "0.1234" -> "12.34 %"
export function percent(fraction, digits = 2) {
  const given = parts(fraction);
  if (!given) return NOTHING;
  const moved = given.fraction.padEnd(2, "0");
  const whole = (given.whole + moved.slice(0, 2)).replace(/^0+(?=\d)/, "");
  return `${written(rounded({ minus: given.minus, whole, fraction: moved.slice(2) }, digits))} %`;
}

// "up", "down" or "flat"
export function tone(text) {
  const given = parts(text);
  if (!given || !/[1-9]/.test(given.whole + given.fraction)) return "flat";
  return given.minus ? "down" : "up";
}

// For drawing only: a pixel is no money.
export const drawn = (text) => Number(text);

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "UTC" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", timeZone: "UTC" });
const YEAR = new Intl.DateTimeFormat("en-GB", { year: "numeric", timeZone: "UTC" });

// "14:05:09" today, else "21 Nov 14:05:09"; always UTC, as everything here
export function time(iso) {
  const at = instant(iso);
  if (!at) return NOTHING;
  const today = new Date().toISOString().slice(0, 10) === at.toISOString().slice(0, 10);
  return today ? CLOCK.format(at) : `${DAY.format(at)} ${CLOCK.format(at)}`;
}

export function fullTime(iso) {
  const at = instant(iso);
  return at ? `${DAY.format(at)} ${YEAR.format(at)} ${CLOCK.format(at)} UTC` : "";
}

export function ago(iso, now = Date.now()) {
  const at = instant(iso);
  if (!at) return NOTHING;
  const seconds = Math.round((now - at.getTime()) / 1000);
  return seconds < 0 ? `in ${span(-seconds)}` : seconds < 3 ? "now" : `${span(seconds)} ago`;
}

// 75 -> "1 min"
export function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400 * 2) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function instant(iso) {
  if (iso === null || iso === undefined || iso === "") return null;
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? null : at;
}

// "PARTIALLY_FILLED" -> "partially filled"
export const words = (name) => String(name ?? "").replaceAll("_", " ").toLowerCase();
