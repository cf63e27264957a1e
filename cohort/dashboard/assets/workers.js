// The table of workers: the oddest first, and what can be done with each.

import { find, look, make, put, Rows, say } from "./page.js";
import { openWorker, order } from "./actions.js";
import * as words from "./words.js";

const number = (title, key, format = words.count) =>
  ({ title, key, className: "number", show: (worker) => format(worker[key]) });

export const columns = [
  { title: "Slot", key: "slot", className: "plain", control: true },
  { title: "State", key: "state", className: "plain state-cell",
    mark: (worker) => words.tone(worker.silent_s ? "hung" : worker.state) },
  { title: "Pid", key: "pid", className: "number", show: (worker) => words.text(worker.pid) },
  number("Age", "uptime_s", words.duration),
  number("Restarts/h", "restarts_hour"),
  { title: "Busy", key: "utilisation", className: "busy", meter: true },
  number("Lag p99", "lag_p99_ms", words.milliseconds),
  number("In flight", "in_flight"),
  number("Conns", "connections"),
  number("Req/s", "requests_per_s", words.rate),
  number("Err/s", "errors_per_s", words.rate),
  number("Memory", "pss_bytes", words.bytes),
  number("CPU", "cpu", words.percent),
  number("Files", "fds"),
  { title: "Last trouble", key: "trouble", className: "trouble", show: lastTrouble },
  { title: "", key: "", className: "actions plain" },
];

const timeOf = (what) => words.moment(what?.at)?.getTime() ?? 0;

/** A death of its slot, or an error that it has logged since. */
function lastTrouble({ last_death: death, last_error: error }) {
  if (timeOf(error) > timeOf(death))
    return `${words.clock(error.at)} logged: ${words.short(error.words)}`;
  return death ? `${words.clock(death.at)} ${death.words || death.cause || ""}` : "";
}

/** Who does not serve comes first; then by how far it is from the others, in steps, so that
 *  rows do not change places all the time. */
function oddest(one, other) {
  const rank = (worker) => [worker.state !== "serving" || worker.ready === false ? 0 : 1,
                            -Math.round((worker.oddness ?? 0) * 2), worker.slot];
  const [a, b] = [rank(one), rank(other)];
  const place = a.findIndex((value, index) => value !== b[index]);
  return place === -1 ? 0 : a[place] - b[place];
}

const sorting = { key: "oddness", down: true };

function sorted(workers) {
  if (sorting.key === "oddness")
    return [...workers].sort(oddest);
  const value = (worker) => sorting.key === "trouble"
    ? Math.max(timeOf(worker.last_death), timeOf(worker.last_error)) : worker[sorting.key] ?? -1;
  const direction = sorting.down ? -1 : 1;
  return [...workers].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    const differs = typeof a === "string" ? a.localeCompare(b) : a - b;
    return differs * direction || one.slot - other.slot;
  });
}

let rows, latest = [], appName = "";

/** While somebody points at a row, or is in it with the keyboard, it stays where it is. */
function isHeld() {
  const body = find("worker-rows");
  return body.matches(":hover") || body.contains(document.activeElement);
}

export function sortBy(key) {
  sorting.down = sorting.key === key ? !sorting.down : key !== "slot" && key !== "state";
  sorting.key = key;
  document.activeElement?.closest("#worker-rows") && document.activeElement.blur();
  showOrder();
  draw(false);
}

function showOrder() {
  for (const head of find("worker-heads").children) {
    const mine = head.dataset.key === sorting.key;
    say(head, "aria-sort", mine ? (sorting.down ? "descending" : "ascending") : "none");
    if (head.firstChild)
      put(head.firstChild.lastChild, mine ? (sorting.down ? " ↓" : " ↑") : "");
  }
  find("sort").value = sorting.key;
}

export function prepareWorkers() {
  for (const { title, key, className } of columns) {
    const head = make("th", { className: className === "number" ? "number" : "", scope: "col",
                              role: "columnheader", "data-key": key });
    if (title) {
      const button = make("button", { type: "button", className: "bare" },
                          title, make("span", { "aria-hidden": "true" }));
      button.addEventListener("click", () => sortBy(key));
      head.append(button);
    } else {
      head.setAttribute("aria-label", "Actions");
    }
    find("worker-heads").append(head);
  }
  const names = [["oddness", "Oddest first"], ...columns.filter(({ title }) => title)
    .map(({ key, title }) => [key, title])];
  find("sort").append(...names.map(([value, text]) => make("option", { value, text })));
  find("sort").addEventListener("change", (event) => sortBy(event.target.value));
  rows = new Rows(find("worker-rows"), createRow, updateRow);
  for (const what of ["pointerleave", "focusout"])
    find("worker-rows").addEventListener(what, () => setTimeout(() => draw(isHeld())));
  showOrder();
}

function createRow(worker) {
  const row = make("tr", { role: "row", "data-slot": String(worker.slot) });
  const now = () => latest.find(({ slot }) => slot === worker.slot) ?? worker;
  for (const column of columns) {
    const cell = make("td", { className: column.className, role: "cell",
                              "data-label": column.title });
    if (column.control) {
      const button = make("button", { type: "button", className: "bare slot" });
      button.addEventListener("click", () => openWorker(now()));
      cell.append(button);
    } else if (column.mark) {
      cell.append(make("span", { className: "mark" }), make("span", { className: "odd" }));
    } else if (column.meter) {
      cell.append(make("span", { className: "meter", "aria-hidden": "true" }, make("i")),
                  make("span"));
    } else if (column.className.startsWith("actions")) {
      for (const verb of ["drain", "restart"]) {
        const button = make("button", { type: "button", className: "orders", "data-verb": verb });
        button.addEventListener("click", () => order(button.dataset.verb, now(), latest));
        cell.append(button, " ");
      }
      const more = make("button", { type: "button", text: "…",
                                            "aria-label": `All about slot ${worker.slot}` });
      more.addEventListener("click", () => openWorker(now()));
      cell.append(more);
    }
    row.append(cell);
  }
  return row;
}

function updateRow(row, worker) {
  const name = `${appName}.${worker.slot}`;
  columns.forEach((column, place) => {
    const cell = row.children[place];
    if (column.control) {
      put(cell.firstChild, name);
    } else if (column.mark) {
      put(cell.firstChild, words.stage(worker));
      look(cell.firstChild, `mark ${column.mark(worker)}`.trim());
      put(cell.lastChild, worker.odd ? " odd" : "");
    } else if (column.meter) {
      const busy = worker.utilisation;
      look(cell.firstChild, `meter ${busy > 0.95 ? "bad" : busy > 0.8 ? "warn" : ""}`.trim());
      cell.firstChild.firstChild.style.transform = `scaleX(${Math.min(1, Math.max(0, busy ?? 0))})`;
      put(cell.lastChild, words.percent(busy));
    } else if (column.show) {
      put(cell, column.show(worker));
    }
  });
  const [first, again] = row.lastChild.querySelectorAll("[data-verb]");
  const empty = words.isEmpty(worker);
  first.dataset.verb = empty ? "resume" : "drain";
  put(first, empty ? "Resume" : "Drain");
  say(first, "aria-label", `${first.textContent} ${name}`);
  put(again, "Restart");
  say(again, "aria-label", `Restart ${name}`);
  again.disabled = empty;
}

function draw(held) {
  rows.show(sorted(latest), ({ slot }) => slot, held);
  put(find("order"), held && sorting.key === "oddness" ? "order kept while you are here"
    : sorting.key === "oddness" ? "oddest first" : "");
}

export function showWorkers(state) {
  latest = state.workers ?? [];
  appName = state.cohort?.name ?? "";
  draw(isHeld());
}

/** The next row, or the one before, by keyboard. */
export function step(by) {
  const all = [...find("worker-rows").children];
  const here = all.indexOf(document.activeElement?.closest("#worker-rows tr"));
  const next = all[Math.min(all.length - 1, Math.max(0, here === -1 ? 0 : here + by))];
  next?.querySelector("button")?.focus();
}

/** The worker whose row has the keyboard. */
export function current() {
  const row = document.activeElement?.closest("#worker-rows tr");
  return row ? latest.find(({ slot }) => String(slot) === row.dataset.slot) : undefined;
}

export const all = () => latest;
