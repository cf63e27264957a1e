// What happened, what is asked for most, what crashed, and what is not shown at all.

import { openCrash } from "./actions.js";
import { describe, find, look, make, put, Rows, say } from "./page.js";
import * as words from "./words.js";

const routesMax = 10;

const routeColumns = [
  { title: "Route", className: "route-name plain",
    show: (route) => `${route.method ?? ""} ${route.route || "(no route)"}`.trim() },
  { title: "Time", className: "", meter: true },
  { title: "Req/s", className: "number", show: (route) => words.rate(route.requests_per_s) },
  { title: "Err/s", className: "number", show: (route) => words.rate(route.errors_per_s) },
  { title: "p50", className: "number", show: (route) => words.milliseconds(route.p50_ms) },
  { title: "p99", className: "number", show: (route) => words.milliseconds(route.p99_ms) },
];

let routes, events, crashes;

export function prepareLists() {
  for (const { title, className } of routeColumns)
    find("route-heads").append(make("th", { text: title, scope: "col", role: "columnheader",
                                            className: className === "number" ? className : "" }));
  routes = new Rows(find("route-rows"), createRoute, updateRoute);
  events = new Rows(find("events"), createEvent, updateEvent);
  crashes = new Rows(find("crash-rows"), createCrash, updateCrash);
}

function createRoute() {
  const row = make("tr", { role: "row" });
  for (const { title, className, meter } of routeColumns) {
    const cell = make("td", { role: "cell", className, "data-label": title });
    if (meter)
      cell.append(make("span", { className: "meter", "aria-hidden": "true" }, make("i")),
                  make("span"));
    row.append(cell);
  }
  return row;
}

function updateRoute(row, route) {
  routeColumns.forEach(({ meter, show }, place) => {
    const cell = row.children[place];
    if (!meter) {
      put(cell, show(route));
      return;
    }
    const share = route.time_share ?? 0;
    cell.firstChild.firstChild.style.transform = `scaleX(${Math.min(1, Math.max(0, share))})`;
    put(cell.lastChild, words.percent(route.time_share));
  });
}

function cells() {
  return [make("time", { className: "quiet" }), make("span"), make("span")];
}

function fill([when, slot, text], { at, slot: of, said }) {
  put(when, words.clock(at));
  say(when, "title", words.full(at));
  put(slot, typeof of === "number" ? `slot ${of}` : "");
  put(text, said);
}

function createEvent() {
  return make("li", {}, ...cells());
}

function updateEvent(node, event) {
  fill(node.children, { ...event, said: event.words || event.kind || "" });
  look(node, words.toneOfEvent(event));
}

function createCrash(crash) {
  const button = make("button", { type: "button" }, ...cells());
  button.addEventListener("click", () => openCrash(crash));
  return make("li", {}, button);
}

function updateCrash(node, crash) {
  fill(node.firstChild.children, { ...crash, said: crash.words || crash.cause || "" });
}

/** The latest first, whatever the order they come in; of one moment the last first. */
function newest(list) {
  const time = ({ at }) => words.moment(at)?.getTime() ?? 0;
  return list.map((item, place) => ({ item, place }))
    .sort((a, b) => time(b.item) - time(a.item) || b.place - a.place).map(({ item }) => item);
}

/** Two that say the same at one moment are told apart by their number. */
function keys(list, keyOf) {
  const seen = new Map();
  return new Map(list.map((item) => {
    const key = keyOf(item);
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    return [item, `${key} ${times}`];
  }));
}

function showList(rows, list, keyOf, nothing) {
  const keyed = keys([...list].reverse(), keyOf);
  rows.show(list, (item) => keyed.get(item), rows.list.contains(document.activeElement) &&
                                             rows.list !== document.activeElement);
  find(nothing).hidden = list.length > 0;
  rows.list.hidden = list.length === 0;
}

const alwaysShown = ["log_lines", "spans", "metric_series", "clock_steps"];
const lossTitles = {
  log_lines: "Log lines", log_lines_cut: "Log lines cut", spans: "Spans",
  unsent_spans: "Spans not taken", unsent_logs: "Log lines not taken",
  unqueued_logs: "Log lines not sent", unsent_metrics: "Metrics not taken",
  metric_series: "Metric series", subscribers: "Slow subscribers", clock_steps: "Clock jumps",
  rate_limited: "Rate limited", at_once: "Too many at once", overload: "Too much to do",
  bodies: "Bodies without room", credentials: "Wrong credentials", cross_origin: "Other sites",
  sessions: "Sessions without room", by_server: "Broken rules", floods: "HTTP/2 floods",
  websockets: "WebSockets", killers: "Requests that kill", wrong_tokens: "Wrong tokens here",
};

/** A kind that this page does not know yet is shown by its name. */
const lossTitle = (name) => lossTitles[name] ?? name.replaceAll("_", " ");

function showDropped({ dropped = {}, refused = {}, throttled_s: throttled, memory = {} }) {
  const lost = Object.values(dropped).some((number) => number > 0);
  put(find("dropped-words"), lost ? "some of what happened was dropped" : "nothing was dropped");
  const tone = (number) => number > 0 ? "warn" : "";
  describe(find("dropped-rows"), [
    ...Object.entries(dropped).filter(([name, number]) => number > 0 || alwaysShown.includes(name))
      .map(([name, number]) => [lossTitle(name), words.count(number), tone(number)]),
    ["CPU throttled", words.duration(throttled), tone(throttled)],
    ["Shared memory", memory.shared_bytes === null || memory.shared_bytes === undefined ? "–"
      : `${words.bytes(memory.shared_bytes)} of ${words.bytes(memory.shared_room)}`],
  ]);
  // Many reasons, of which few ever happen in one place.
  const turnedAway = Object.entries(refused).filter(([, number]) => number > 0);
  put(find("refused-words"), turnedAway.length > 0 ? "since the cohort began"
    : "nobody was refused");
  describe(find("refused-rows"), turnedAway.map(([name, number]) =>
    [lossTitle(name), words.count(number), ""]));
}

export function showLists(state) {
  const busiest = [...(state.routes ?? [])]
    .sort((a, b) => (b.time_share ?? 0) - (a.time_share ?? 0)).slice(0, routesMax);
  showList(routes, busiest, ({ method, route }) => `${method} ${route}`, "no-routes");
  find("routes").closest("section").querySelector("table").hidden = busiest.length === 0;
  showList(events, newest(state.events ?? []), (event) =>
    JSON.stringify([event.at, event.slot, event.kind, event.words]), "no-events");
  showList(crashes, newest(state.crashes ?? []), (crash) =>
    JSON.stringify([crash.at, crash.slot, crash.pid]), "no-crashes");
  showDropped(state);
}
