// The page as a whole: one state a second, shown; the keyboard; what is said of the connection.

import { answer, openWorker, order, prepareActions, showActions } from "./actions.js";
import { Feed } from "./feed.js";
import { prepareLists, showLists } from "./lists.js";
import { describe, find, look, make, put, say } from "./page.js";
import { showStrip } from "./strip.js";
import { all, current, prepareWorkers, showWorkers, sortBy, step } from "./workers.js";
import * as words from "./words.js";

const keysPlace = "cohort-keys";
const stale_ms = 3500;

let state = null, heardAt = 0, trouble = null, paused = false;

function show() {
  const { cohort } = state;
  put(find("name"), words.text(cohort.name));
  put(find("state"), words.text(cohort.state));
  look(find("state"), `state ${words.tone(cohort.state)}`.trim());
  put(find("reason"), cohort.state === "serving" ? "" : cohort.reason ?? "");
  describe(find("facts"), [
    ["up", words.duration(cohort.uptime_s)], ["generation", words.text(cohort.generation)],
    ["version", words.text(cohort.version)], ["pid", words.text(cohort.pid)],
  ]);
  showStrip(state);
  showActions(state);
  showWorkers(state);
  showLists(state);
  find("main").hidden = false;
}

/** What is shown may be old: it says so, and how old. */
function showLink() {
  const old = state && Date.now() - heardAt;
  const age = state ? `what you see is ${words.duration(old / 1000)} old` : "nothing is known yet";
  const isLost = trouble !== null || (state !== null && old > stale_ms && !paused);
  document.body.classList.toggle("lost", isLost);
  say(find("main"), "aria-busy", String(isLost));
  let text = "live";
  if (trouble?.asleep) {
    text = `asleep: ${age}`;
  } else if (trouble) {
    const seconds = Math.max(0, Math.ceil((trouble.again - Date.now()) / 1000));
    text = `connection lost, again in ${seconds} s: ${age}`;
  } else if (isLost) {
    text = `no word for a while: ${age}`;
  } else if (paused) {
    text = `paused: ${age}`;
  } else if (!state) {
    text = "Asking the cohort…";
  }
  put(find("link"), text);
  put(find("spoken"), isLost ? "Connection lost" : ""); // not each second of it
  say(find("link"), "title", trouble?.why ?? "");
  const name = state?.cohort.name ?? "cohort";
  const word = state ? `${state.cohort.state} ${words.count(state.cohort.workers_ready)}/` +
                       words.count(state.cohort.workers_wanted) : "…";
  const title = isLost ? `? ${name}: connection lost`
    : `${state && state.cohort.state !== "serving" ? "! " : ""}${name}: ${word}`;
  if (document.title !== title)
    document.title = title;
}

const feed = new Feed({
  onState(next) {
    if (trouble || !state)
      learnAccess(); // it may be another token, or another server
    trouble = null;
    if (!paused || !state) {
      state = next;
      heardAt = Date.now();
      show();
    }
    showLink();
  },
  onLink(what) {
    trouble = what;
    showLink();
  },
  askToken(hadOne) {
    put(find("token-wrong"), hadOne ? "That was not the token." : "");
    find("token-text").value = "";
    const dialog = find("token");
    dialog.showModal();
    return new Promise((done) => {
      dialog.onclose = () => { // also by Esc: without a token there is nothing to see
        const token = find("token-text").value.trim();
        if (token)
          done(token);
        else
          dialog.showModal();
      };
    });
  },
});

function pause() {
  paused = !paused;
  say(find("pause"), "aria-pressed", String(paused));
  put(find("pause"), paused ? "Go on" : "Pause");
  showLink();
}

function go(id) {
  find(id).focus();
  find(id).scrollIntoView({ block: "start" });
}

/** Who may only look sees no buttons that would be refused. */
async function learnAccess() {
  const { may = [] } = await feed.ask("GET", "api/v1/access").catch(() => ({ may: ["order"] }));
  document.body.classList.toggle("looks-only", !may.includes("order"));
}

const withCurrent = (deed) => {
  const worker = current();
  if (worker && document.body.classList.contains("looks-only") && deed !== openWorker)
    answer("This token is for looking: orders take that of operators.", "warn");
  else if (worker)
    deed(worker);
  else
    answer("Choose a worker first: j and k walk through them.", "warn");
};

const keys = [
  ["j", "the next worker", () => step(1)],
  ["k", "the worker before", () => step(-1)],
  ["Enter", "all about the chosen worker", null],
  ["d", "drain it, or resume it", () => withCurrent((worker) =>
    order(words.isEmpty(worker) ? "resume" : "drain", worker, all()))],
  ["s", "its stacks", () => withCurrent((worker) => order("dump", worker, all()))],
  ["m", "more of it", () => withCurrent(openWorker)],
  ["o", "oddest first", () => sortBy("oddness")],
  ["w", "to the workers", () => go("workers")],
  ["r", "to the routes", () => go("routes")],
  ["t", "to the timeline", () => go("timeline")],
  ["c", "to the crash reports", () => go("crashes")],
  ["p", "pause, go on", pause],
  ["?", "this help", () => find("help").showModal()],
  ["Esc", "close", null],
];

function prepareKeys() {
  find("keys").append(...keys.map(([key, about]) =>
    make("div", {}, make("dt", {}, make("kbd", { text: key })), make("dd", { text: about }))));
  const box = find("keys-on");
  box.checked = localStorage.getItem(keysPlace) !== "off";
  box.addEventListener("change", () =>
    localStorage.setItem(keysPlace, box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input, select, textarea");
    if (!box.checked || typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey ||
        document.querySelector("dialog[open]"))
      return;
    const deed = keys.find(([key]) => key === event.key)?.[2];
    if (deed) {
      event.preventDefault();
      deed();
    }
  });
}

prepareActions(feed);
prepareWorkers();
prepareLists();
prepareKeys();
find("pause").addEventListener("click", pause);
find("help-button").addEventListener("click", () => find("help").showModal());
setInterval(showLink, 1000);
feed.run();
