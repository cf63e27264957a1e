// The stream of states: one a second, asked for again when it breaks. EventSource cannot send the
// token, so the events are read from a fetch.

const silence_ms = 6000;         // a state comes each second
const asleep_ms = 5 * 60 * 1000; // nobody looks: the server may rest, too
const pause_max_ms = 15000;
const buffer_max = 16 << 20;
const place = "cohort-token";

/** Reads "event:" and "data:" lines; calls `hear(event, data)` for each whole event. */
export function eventReader(hear) {
  let buffer = "", event = "", data = [];
  return (piece) => {
    buffer += piece;
    if (buffer.length > buffer_max)
      throw new Error("an event without an end");
    const lines = buffer.split(/\r\n|\n|\r(?=[^\n])/);
    buffer = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0)
          hear(event || "message", data.join("\n"));
        event = "";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const name = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "event")
        event = value;
      else if (name === "data")
        data.push(value);
    }
  };
}

export class Refused extends Error {}

export class Feed {
  /** @param hear  told of states and of how the connection is: {state}, {live}, {lost, again} */
  constructor({ onState, onLink, askToken }) {
    Object.assign(this, { onState, onLink, askToken });
    this.failures = 0;
    this.asleep = false;
    this.wake = () => {};
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => this.visible());
  }

  headers(more = {}) {
    const token = sessionStorage.getItem(place);
    return token ? { ...more, Authorization: `Bearer ${token}` } : more;
  }

  /** What lies there as a text. */
  async text(path) {
    const answer = await fetch(path, { headers: this.headers(), cache: "no-store" });
    if (!answer.ok)
      throw new Error(`the answer was ${answer.status}`);
    return answer.text();
  }

  /** Asks the API; the answer as JSON, or what came instead as an error in words. */
  async ask(method, path, body) {
    const options = { method, headers: this.headers({ Accept: "application/json" }),
                      cache: "no-store" };
    if (body !== undefined) {
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    const answer = await fetch(path, options);
    const text = await answer.text();
    let said;
    try {
      said = JSON.parse(text);
    } catch {
      said = { reason: text.slice(0, 300) };
    }
    if (!answer.ok && !("exit" in said))
      throw new Error(said.reason || said.detail || said.error?.message || said.title ||
                      `the answer was ${answer.status}`);
    return said;
  }

  async run() {
    for (;;) {
      try {
        await this.listen();
        this.lost("the stream ended");
      } catch (problem) {
        if (problem instanceof Refused) {
          const token = await this.askToken(sessionStorage.getItem(place) !== null);
          sessionStorage.setItem(place, token);
          continue;
        }
        this.lost(problem.message);
      }
      await this.pause();
    }
  }

  async listen() {
    this.control = new AbortController();
    let watchdog;
    const heard = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => this.control.abort(new Error("no word for six seconds")),
                            silence_ms);
    };
    heard();
    try {
      const answer = await fetch("api/v1/stream", {
        headers: this.headers({ Accept: "text/event-stream" }),
        cache: "no-store", signal: this.control.signal,
      });
      if (answer.status === 401)
        throw new Refused();
      if (answer.status === 429)
        throw new Error("too many wrong tokens came from this address: it is not listened to for " +
                        `${answer.headers.get("Retry-After") ?? "some"} s`);
      if (!answer.ok)
        throw new Error(`the answer was ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
      const read = eventReader((event, data) => {
        if (event !== "state")
          return;
        this.onState(JSON.parse(data));
        this.failures = 0;
      });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done)
          return;
        heard();
        read(value);
      }
    } finally {
      clearTimeout(watchdog);
      this.control.abort();
    }
  }

  lost(why) {
    this.failures += 1;
    this.again = Date.now() + Math.min(pause_max_ms, 500 * 2 ** Math.min(this.failures, 8)) *
                              (0.75 + Math.random() / 2);
    this.onLink({ why, again: this.again, asleep: this.asleep });
  }

  pause() {
    return new Promise((done) => {
      const timer = this.asleep ? null : setTimeout(done, Math.max(0, this.again - Date.now()));
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    }).finally(() => { this.wake = () => {}; });
  }

  visible() {
    clearTimeout(this.sleep);
    if (document.hidden) {
      this.sleep = setTimeout(() => {
        this.asleep = true;
        this.control?.abort(new Error("nobody looked"));
      }, asleep_ms);
    } else {
      this.asleep = false;
      this.wake();
    }
  }
}
