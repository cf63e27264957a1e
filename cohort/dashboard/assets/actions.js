// What can be done with a worker, what it costs, and what came of it, in words.

import { describe, find, look, make, put } from "./page.js";
import * as words from "./words.js";

const keptSeconds = 20; // of an answer that is good news
const answersMax = 5;
const levels = ["default", "trace", "debug", "info", "warn", "error"];

let feed, appName = "", shown = null;

export function prepareActions(from) {
  feed = from;
  find("report-copy").addEventListener("click", async () => {
    await navigator.clipboard?.writeText(find("report-text").textContent);
    put(find("report-copy"), "Copied");
  });
  find("worker").addEventListener("close", () => { shown = null; });
  // A click beside a dialog closes it.
  for (const dialog of document.querySelectorAll("dialog.large"))
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

const nameOf = (worker) => `${appName}.${worker.slot}`;

export function answer(text, tone = "good") {
  const close = make("button", { type: "button", className: "bare", text: "✕",
                                 "aria-label": "Dismiss" });
  const node = make("div", { className: `answer ${tone}` }, make("p", { text }), close);
  close.addEventListener("click", () => node.remove());
  find("answers").append(node);
  while (find("answers").children.length > answersMax)
    find("answers").firstChild.remove();
  if (tone === "good")
    setTimeout(() => node.remove(), keptSeconds * 1000);
  return node;
}

/** Asks the person; the answer is a promise of yes or no. Nothing hurts by a key pressed twice:
 *  "Cancel" has the keyboard. */
function confirmed(title, text, yes) {
  const dialog = find("ask");
  put(find("ask-title"), title);
  put(find("ask-words"), text);
  put(find("ask-yes"), yes);
  dialog.returnValue = "no";
  dialog.showModal();
  find("ask-no").focus();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
  });
}

function consequences(verb, worker, workers) {
  const others = workers.filter((each) => each.slot !== worker.slot &&
                                          each.state === "serving").length;
  const has = [worker.in_flight, worker.connections].every((each) => typeof each === "number")
    ? `It has ${words.plural(worker.in_flight, "request")} in flight and ` +
      `${words.plural(worker.connections, "connection")}: it finishes the former and hands the ` +
      "latter over. " : "It finishes what it has. ";
  const left = others === 0 ? "No other worker serves: clients will wait."
    : `${words.plural(others, "other worker")} go${others === 1 ? "es" : ""} on serving.`;
  return has + (verb === "drain" ? "Its slot stays empty until you resume it. "
                                 : "A new worker takes its slot. ") + left;
}

const asking = {
  drain: (name) => [`Drain ${name}?`, "Drain"],
  restart: (name) => [`Restart ${name}?`, "Restart"],
};

const toneOf = (said) => said.exit === 0 ? "good" : said.exit === 4 ? "warn" : "bad";

/** Orders it, and shows what was answered. */
export async function order(verb, worker, workers, more) {
  const name = nameOf(worker);
  if (asking[verb]) {
    const [title, yes] = asking[verb](name);
    if (!await confirmed(title, consequences(verb, worker, workers), yes))
      return;
  }
  const waiting = answer(`${verb} ${name}: asked…`, "plain");
  try {
    const said = await feed.ask("POST", `api/v1/workers/${worker.slot}/${verb}`, more ?? {});
    waiting.remove();
    answer(`${verb} ${name}: ${said.reason || (said.exit === 0 ? "done" : "it failed")}`,
           toneOf(said));
    if (verb === "dump" && said.exit === 0)
      openReport(`The stacks of ${name}`, said.reason ?? "", textOf(said.data));
  } catch (problem) {
    waiting.remove();
    answer(`${verb} ${name}: nobody knows whether it was done: ${problem.message}`, "bad");
  }
}

/** The last lines that a worker has logged, as they were written. */
async function openLog(worker) {
  const title = `The log of ${nameOf(worker)}`;
  openReport(title, "", "Asking for the last lines…");
  const isShown = () => find("report").open && find("report-title").textContent === title;
  const show = (about, text) => {
    if (!isShown())
      return;
    put(find("report-words"), about);
    put(find("report-text"), text);
    find("report-text").scrollTop = find("report-text").scrollHeight;
  };
  try {
    const said = await feed.ask("GET", `api/v1/workers/${worker.slot}/logs?last=200`);
    const lines = said.data?.lines ?? [];
    show(said.exit === 0 ? `The last lines in ${said.data.file}` : said.reason,
         lines.length > 0 ? lines.map(words.logLine).join("\n") : "No line of it is there.");
  } catch (problem) {
    show("", `They cannot be had: ${problem.message}`);
  }
}

/** Reports that are in an answer; or all of it. */
function textOf(data) {
  const reports = (data?.slots ?? []).flatMap((slot) => [slot, ...(slot.ends ?? [])])
    .map(({ report }) => report).filter((report) => typeof report === "string");
  return reports.length > 0 ? reports.join("\n\n") : JSON.stringify(data ?? {}, null, 2);
}

function openReport(title, about, text) {
  put(find("report-title"), title);
  put(find("report-words"), about);
  put(find("report-text"), text);
  put(find("report-copy"), "Copy");
  if (!find("report").open)
    find("report").showModal();
  find("report-text").scrollTop = 0;
  find("report-text").focus();
}

/** What `why` tells of a death: its story, for as long as the primary has it. */
export async function openCrash(crash) {
  const title = `${appName}.${crash.slot}: ${crash.words || crash.cause || "ended"}`;
  const about = `${words.full(crash.at)}, pid ${words.text(crash.pid)}`;
  const isShown = () => find("report").open && find("report-title").textContent === title;
  openReport(title, about, "Asking for the story…");
  try {
    const said = await feed.ask("GET", `api/v1/why/${crash.slot}`);
    const end = (said.data?.slots ?? []).flatMap(({ ends }) => ends ?? [])
      .find(({ pid }) => pid === crash.pid);
    let file = "";
    if (end?.file && !end.story) // of older ones there is the file alone
      file = await feed.text(`api/v1/why/${crash.slot}/${end.worker}`);
    if (isShown())
      put(find("report-text"), file || storyOf(end ?? {}, crash));
  } catch (problem) {
    if (isShown())
      put(find("report-text"), `${storyOf({}, crash)}\n\nThe rest cannot be had: ` +
                               problem.message);
  }
}

function storyOf(end, crash) {
  const seconds = (length) => words.duration(length === undefined ? null : length / 1000);
  const file = end.file ?? crash.report;
  return [
    end.reason ?? crash.cause ?? "",
    end.worker === undefined ? "" : `worker ${end.worker}, lived ${seconds(end.lived_ms)}, ` +
                                    `served ${seconds(end.served_ms)}`,
    end.story ?? end.report ?? "Nothing more is kept in memory.",
    file ? `All of it: ${file}` : "",
  ].filter((part) => part).join("\n\n");
}

/** All about one worker, kept up to date while it is open. */
export function openWorker(worker) {
  shown = worker.slot;
  const actions = find("worker-actions");
  const level = make("select", {}, ...levels.map((text) => make("option", { text })));
  const button = (text, verb, body) => {
    const node = make("button", { type: "button", className: "orders", text, "data-verb": verb });
    node.addEventListener("click", () => order(node.dataset.verb, latestOf(worker), all, body?.()));
    return node;
  };
  const log = make("button", { type: "button", text: "Last log lines" });
  log.addEventListener("click", () => openLog(latestOf(worker)));
  actions.replaceChildren(
    button("Drain", "drain"), button("Restart", "restart"), button("Dump the stacks", "dump"),
    make("label", { className: "orders" }, "Log level", level),
    button("Set", "level", () => ({ level: level.value })), log);
  show(latestOf(worker));
  find("worker").showModal();
}

let all = [];
const latestOf = (worker) => all.find(({ slot }) => slot === worker.slot) ?? worker;

function show(worker) {
  put(find("worker-title"), nameOf(worker));
  put(find("worker-words"), `${words.text(worker.state)}, ${worker.ready ? "ready" : "not ready"}`);
  const death = worker.last_death;
  describe(find("worker-facts"), [
    ["Pid", words.text(worker.pid)],
    ["Worker", words.text(worker.id)],
    ["Generation", words.text(worker.generation)],
    ["Age", words.duration(worker.uptime_s)],
    ["Restarts in an hour", words.count(worker.restarts_hour)],
    ["Last death", death ? `${words.full(death.at)}: ${death.words || death.cause}` : "none known"],
    ["Busy", words.percent(worker.utilisation)],
    ["Lag p99", words.milliseconds(worker.lag_p99_ms)],
    ["In flight", words.count(worker.in_flight)],
    ["Connections", words.count(worker.connections)],
    ["Requests", `${words.rate(worker.requests_per_s)}/s`],
    ["Errors", `${words.rate(worker.errors_per_s)}/s`],
    ["Memory", words.bytes(worker.pss_bytes)],
    ["Files", words.count(worker.fds)],
    ["Errors logged", words.count(worker.log_errors)],
    ["Last of them", worker.last_error
      ? `${words.full(worker.last_error.at)}: ${worker.last_error.words}` : "none"],
    ["Oddness", typeof worker.oddness === "number" ? worker.oddness.toFixed(1) : "–"],
  ]);
  const [first, again] = find("worker-actions").querySelectorAll("button");
  const empty = words.isEmpty(worker);
  first.dataset.verb = empty ? "resume" : "drain";
  put(first, empty ? "Resume" : "Drain");
  again.disabled = empty;
  look(find("worker-words"), words.tone(worker.state));
}

export function showActions(state) {
  all = state.workers ?? [];
  appName = state.cohort?.name ?? "";
  const worker = all.find(({ slot }) => slot === shown);
  if (worker && find("worker").open)
    show(worker);
}
