// Numbers, times and states in words. Nothing here touches the page.

const none = "–";
const gap = "\u00a0"; // between a number and its unit no line ends

const known = (value) => typeof value === "number" && Number.isFinite(value);

export function count(value) {
  if (!known(value))
    return none;
  const size = Math.abs(value);
  if (size >= 1e9)
    return `${(value / 1e9).toFixed(1)}G`;
  if (size >= 1e6)
    return `${(value / 1e6).toFixed(1)}M`;
  if (size >= 1e4)
    return `${(value / 1e3).toFixed(1)}k`;
  return String(Math.round(value));
}

/** Of a rate small numbers are told, too. */
export function rate(value) {
  return known(value) && value > 0 && value < 10 ? value.toFixed(1) : count(value);
}

export function milliseconds(value) {
  if (!known(value))
    return none;
  if (value >= 1000)
    return `${(value / 1000).toFixed(value < 10000 ? 2 : 1)}${gap}s`;
  if (value >= 10)
    return `${Math.round(value)}${gap}ms`;
  if (value < 0.01)
    return `<${gap}0.01${gap}ms`; // what is measured is never nothing
  return `${value.toFixed(value < 1 ? 2 : 1)}${gap}ms`;
}

export function bytes(value) {
  if (!known(value))
    return none;
  const units = ["B", "K", "M", "G", "T"];
  let unit = 0;
  for (; value >= 1024 && unit + 1 < units.length; ++unit)
    value /= 1024;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}

export function percent(share) {
  if (!known(share))
    return none;
  const value = share * 100;
  const digits = value > 0 && value < 10 ? (value < 0.1 ? 2 : 1) : 0;
  return `${value.toFixed(digits)}${gap}%`;
}

export function duration(seconds) {
  if (!known(seconds))
    return none;
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [[Math.floor(whole / 86400), "d"], [Math.floor(whole / 3600) % 24, "h"],
                 [Math.floor(whole / 60) % 60, "m"], [whole % 60, "s"]];
  const first = parts.findIndex(([number]) => number > 0);
  if (first === -1)
    return "0s";
  return parts.slice(first, first + 2).filter(([number], place) => place === 0 || number > 0)
    .map(([number, unit]) => `${number}${unit}`).join("");
}

/** A time as the server says it: a text, or a number of milliseconds or seconds since 1970. */
export function moment(at) {
  const when = new Date(known(at) && at < 1e11 ? at * 1000 : at ?? NaN);
  return Number.isNaN(when.getTime()) ? null : when;
}

const two = (number) => String(number).padStart(2, "0");

/** Today by the clock, before that by the day. */
export function clock(at) {
  const when = moment(at);
  if (!when)
    return none;
  if (Date.now() - when.getTime() > 20 * 3600 * 1000)
    return `${two(when.getDate())}.${two(when.getMonth() + 1)}. ${two(when.getHours())}:` +
           two(when.getMinutes());
  return [when.getHours(), when.getMinutes(), when.getSeconds()].map(two).join(":");
}

export function full(at) {
  const when = moment(at);
  return when ? `${when.toISOString()} (here: ${when.toLocaleString()})` : "";
}

export const text = (value) => value === null || value === undefined || value === "" ? none
                                                                                    : String(value);

/** Of a text that may be long what a cell of a table has room for. */
export const short = (text, most = 80) => text.length > most ? `${text.slice(0, most - 1)}…` : text;

export function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

/** A line of the log as people read it: time, level, message, and the rest. */
export function logLine(line) {
  let all;
  try {
    all = JSON.parse(line);
  } catch {
    return line;
  }
  if (all === null || typeof all !== "object")
    return line;
  const { timestamp, time, level, message, msg, pid, hostname, ...rest } = all;
  const name = typeof level === "number"
    ? ["trace", "debug", "info", "warn", "error", "fatal"][level / 10 - 1] ?? String(level)
    : String(level ?? "");
  const more = Object.entries(rest).map(([key, value]) =>
    `  ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `${timestamp ?? time ?? ""} ${name.padEnd(5)} ${message ?? msg ?? ""}${more.join("")}`;
}

/** How a state feels: a class of the style sheet. */
export function tone(state) {
  if (["serving", "ready"].includes(state))
    return "good";
  if (["parked", "degraded", "failed", "gone", "dead", "hung"].includes(state))
    return "bad";
  return ["held", "drained", "empty"].includes(state) ? "" : "warn";
}

/** Its state, and for how long its event loop has not turned. */
export const stage = (worker) => worker.silent_s
  ? `${text(worker.state)}, silent ${duration(worker.silent_s)}` : text(worker.state);

/** Nobody sits there, and nobody will until it is resumed. */
export const isEmpty = (worker) => ["held", "parked", "drained", "empty"].includes(worker.state);

export function toneOfEvent(event) {
  const all = `${event.kind ?? ""} ${event.words ?? ""}`;
  const bad =
    /\b(crash\w*|oom|memory|parked|fail\w*|hang|hung|ill|killed|signal|outage|rolled)\b/i;
  if (bad.test(all))
    return "bad";
  if (/→ serving|serves|\bready\b|resumed|reloaded|upgraded/.test(all))
    return "good";
  return /scal|reload|drain|stop|config|upgrade|level|held|withdraw|end|exit/.test(all) ? "warn"
                                                                                       : "";
}

/** Errors of all requests; null where nobody asks. */
export function errorShare(errors, requests) {
  if (!known(errors) || !known(requests))
    return null;
  return requests > 0 ? errors / requests : 0;
}
