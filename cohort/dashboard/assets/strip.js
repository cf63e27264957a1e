// The four numbers at the top, each with its last five minutes.

import { find, look, make, put, say } from "./page.js";
import * as words from "./words.js";

const points = 300, height = 40;
const space = "http://www.w3.org/2000/svg";

function shape(name, className) {
  const node = document.createElementNS(space, name);
  node.setAttribute("class", className);
  return node;
}

/** A line for each run of known values, the newest at the right. */
function paths(values, top) {
  const first = points - values.length;
  let line = "", ground = "", start = null;
  const x = (place) => first + place;
  const y = (value) => (height - 1 - (value / top) * (height - 4)).toFixed(1);
  values.forEach((value, place) => {
    if (typeof value !== "number") {
      if (start !== null)
        ground += `L${x(place - 1)} ${height}Z`;
      start = null;
      return;
    }
    const point = `${x(place)} ${y(value)}`;
    line += start === null ? `M${point}h.01` : `L${point}`;
    ground += start === null ? `M${x(place)} ${height}L${point}` : `L${point}`;
    start ??= place;
  });
  if (start !== null)
    ground += `L${x(values.length - 1)} ${height}Z`;
  return { line, ground };
}

class Tile {
  constructor(title) {
    this.title = title;
    this.value = make("p", { className: "value" });
    this.beside = make("p", { className: "beside" });
    this.chart = document.createElementNS(space, "svg");
    this.chart.setAttribute("viewBox", `0 0 ${points} ${height}`);
    this.chart.setAttribute("preserveAspectRatio", "none");
    this.chart.setAttribute("role", "img");
    this.ground = shape("path", "spark-ground");
    this.line = shape("path", "spark");
    const floor = shape("path", "spark-floor");
    floor.setAttribute("d", `M0 ${height - 0.5}H${points}`);
    this.chart.append(this.ground, floor, this.line);
    this.node = make("div", { className: "tile" }, make("h2", { text: title }), this.value,
                     this.beside, this.chart);
  }

  show({ value, beside, className = "", history, format, top }) {
    put(this.value, value);
    look(this.value, `value ${className}`.trim());
    const known = history.filter((each) => typeof each === "number");
    const most = Math.max(...known, 0);
    put(this.beside, beside ?? (known.length > 0 ? `at most ${format(most)} in 5 min` : ""));
    const drawn = paths(history.slice(-points), Math.max(top ?? 0, most) || 1);
    say(this.line, "d", drawn.line);
    say(this.ground, "d", drawn.ground);
    say(this.chart, "aria-label", known.length === 0 ? `${this.title}: not measured yet`
      : `${this.title}, the last five minutes: from ${format(Math.min(...known))} to ` +
        `${format(most)}, now ${format(known.at(-1))}`);
  }
}

let tiles;

export function showStrip({ cohort, history = {} }) {
  if (!tiles) {
    tiles = ["Workers ready", "Requests per second", "Errors", "p99"].map((name) => new Tile(name));
    find("strip").replaceChildren(...tiles.map((tile) => tile.node));
  }
  const [ready, requests, errors, slow] = tiles;
  const rates = history.requests_per_s ?? [];
  const failed = words.errorShare(cohort.errors_per_s, cohort.requests_per_s);
  ready.show({
    value: `${words.count(cohort.workers_ready)} of ${words.count(cohort.workers_wanted)}`,
    className: cohort.workers_ready < cohort.workers_wanted ? "bad" : "",
    beside: `${words.count(cohort.connections)} connections`,
    history: history.ready ?? [], format: words.count, top: cohort.workers_wanted,
  });
  requests.show({ value: words.rate(cohort.requests_per_s), history: rates, format: words.rate });
  errors.show({
    value: words.percent(failed),
    className: failed >= 0.05 ? "bad" : failed >= 0.01 ? "warn" : "",
    beside: `${words.rate(cohort.errors_per_s)} per second`,
    history: (history.errors_per_s ?? []).map((each, place) =>
      words.errorShare(each, rates[place])),
    format: words.percent, top: 0.01,
  });
  slow.show({
    value: words.milliseconds(cohort.p99_ms),
    // Counted in whole milliseconds: 0 is less than one.
    beside: `half of them within ${cohort.p50_ms === 0 ? "1\u00a0ms"
                                                        : words.milliseconds(cohort.p50_ms)}`,
    history: history.p99_ms ?? [], format: words.milliseconds,
  });
}
