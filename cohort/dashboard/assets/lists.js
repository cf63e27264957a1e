// What happened, what is asked for most, what crashed, and what is not shown at all.

import { openCrash } from "./actions.js";
import { describe, find, look, make, put, Rows, say } from "./page.js";
import * as words from "./words.js";

const routesMax = 10;

const routeColumns = [
  { title: "Route", className: "route-name plain",
    show: (route) => `${route.method ?? ""} ${route.route ?? ""}`.trim() },
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

function showDropped({ dropped = {}, throttled_s: throttled, memory = {} }) {
  const counts = [["Log lines", dropped.log_lines], ["Spans", dropped.spans],
                  ["Metric series", dropped.metric_series], ["Rate limited", dropped.rate_limited]];
  const lost = counts.slice(0, 3).some(([, number]) => number > 0);
  const unknown = counts.slice(0, 3).some(([, number]) => typeof number !== "number");
  put(find("dropped-words"), lost ? "some of what happened was dropped"
    : unknown ? "not everything is counted" : "nothing was dropped");
  describe(find("dropped-rows"), [
    ...counts.map(([name, number], place) =>
      [name, words.count(number), number > 0 && place < 3 ? "warn" : ""]),
    ["CPU throttled", words.duration(throttled), throttled > 0 ? "warn" : ""],
    ["Shared memory", memory.shared_bytes === null || memory.shared_bytes === undefined ? "–"
      : `${words.bytes(memory.shared_bytes)} of ${words.bytes(memory.shared_room)}`],
  ]);
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
