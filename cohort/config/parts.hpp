#pragma once
// The sections of the configuration: what [app.NAME.ready] and its sisters, [log] and [admin] say.
// Each is a value, usable as it is; problems() holds every range named here.

#include <cohort/config/measure.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/values.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::config {

/// When a worker counts as ready: [app.NAME.ready].
struct ready {
    ready_sign on;
    /// From the birth of a worker until it says that it is ready. Range: 100 ms to 1 h.
    milliseconds timeout = std::chrono::seconds{60};
    friend bool operator==(const ready&, const ready&) = default;
};

/// How we know that a worker still turns: [app.NAME.health].
struct health {
    /// Longest silence of an event loop before its worker is ended and replaced. 0: off. Text:
    /// `heartbeat = "30s"` or "off". Range: 0, or 100 ms to 1 h.
    milliseconds heartbeat = std::chrono::seconds{30};
    /// Oldest request allowed before its worker is ended and replaced. 0: off. Range: 0, or 100 ms
    /// to 1 d.
    milliseconds request{0};
    http_probe http;  ///< on the worker's own endpoint
    /// Workers that health or recycling may take out at a time. Range: 1 to 256.
    unsigned at_once = 1;
    friend bool operator==(const health&, const health&) = default;
};

/// What is written down about deaths: [app.NAME.crash].
struct crash {
    /// Where reports lie: "auto" ($STATE_DIRECTORY/crashes, else beside the admin sockets), "off",
    /// or an absolute path.
    std::string folder = "auto";
    unsigned reports = 32;              ///< Kept, the latest ones. Range: 1 to 10,000.
    std::uint64_t bytes = 16ULL << 20;  ///< Of all of them. Range: 64 KiB to 1 TiB.
    friend bool operator==(const crash&, const crash&) = default;
};

/// What happens after a death: [app.NAME.restart].
struct restart {
    /// Pause before the second, third… replacement in a row (the first is at once): doubling.
    /// Text: `backoff = "100ms..30s"`. Range: 1 ms to 1 h, first <= ceiling.
    milliseconds backoff_first = milliseconds{100};
    milliseconds backoff_ceiling = std::chrono::seconds{30};

    /// Deaths of one slot within the window after which it is given up. 0: never. Text:
    /// `give_up = "5 in 30s"` or "never". Range: 0 to 1,000.
    unsigned give_up_deaths = 5;
    /// Range: 1 s to 1 d.
    milliseconds give_up_window = std::chrono::seconds{30};

    /// Whoever exits with one of these did so on purpose, and is not replaced. Range: at most 32 of
    /// 0 to 255.
    std::vector<unsigned> stop_codes;
    friend bool operator==(const restart&, const restart&) = default;
};

/// How workers leave: [app.NAME.stop].
struct stop {
    /// Keep serving this long after the readiness answer has turned to "no", so that balancers in
    /// front notice. Text: `drain = "5s"` or "auto" (0 s; 5 s under Kubernetes). Range: 0 to
    /// 10 min.
    std::optional<milliseconds> drain;

    /// Time to finish accepted work, after which the worker is killed. Range: 0 to 1 h.
    milliseconds timeout = std::chrono::seconds{30};

    /// What `drain` means here and now.
    [[nodiscard]] milliseconds drain_time() const;
    friend bool operator==(const stop&, const stop&) = default;
};

/// How a new generation takes over: [app.NAME.reload].
struct reload {
    unsigned canary = 1;  ///< Slots that go first. 0: all are alike. Range: 0 to 256.
    /// How long the canaries are watched before the others follow. Range: 0 to 1 h.
    milliseconds soak = std::chrono::seconds{10};
    /// Each ends the reload. Range: at most 16.
    std::vector<abort_rule> abort_if{{abort_rule::kind::crash, 0},
                                     {abort_rule::kind::errors, 1},
                                     {abort_rule::kind::latency, 3}};
    bool rollback = true;  ///< An ended reload brings the old generation back.
    /// For the whole of it. Range: 1 s to 1 d.
    milliseconds timeout = std::chrono::minutes{10};
    friend bool operator==(const reload&, const reload&) = default;
};

/// When a worker is replaced although it is well: [app.NAME.recycle].
struct recycle {
    spread<std::uint64_t> memory_bytes;  ///< its share (PSS). Range: off, or 1 MiB to 1 PiB.
    spread<std::uint64_t> requests;      ///< answered. Range: off, or 1 to 10^15.
    spread<milliseconds> age;            ///< Range: off, or 1 s to 365 d.
    friend bool operator==(const recycle&, const recycle&) = default;
};

/// How many workers there are when `workers` is a range: [app.NAME.scale].
struct scaling {
    unsigned target_percent = 70;  ///< How busy workers should be. Range: 10 to 95.
    /// How long they must be busier before one is added. Range: 100 ms to 1 h.
    milliseconds up_after = std::chrono::seconds{3};
    /// How long one fewer must have been enough before one leaves. Range: 1 s to 1 d.
    milliseconds down_after = std::chrono::minutes{1};
    friend bool operator==(const scaling&, const scaling&) = default;
};

/// Ceilings of one worker: [app.NAME.limit].
struct limit {
    unsigned connections = 20'000;  ///< Open at a time. Range: 1 to 1,000,000.
    /// Of these, by one client: an IPv4 address or an IPv6 /56. 0: off. Range: 0 to 1,000,000.
    unsigned connections_per_client = 1'000;
    /// Networks of proxies, which are many clients each and not counted for that. At most 64; what
    /// a network is, app/settings knows.
    std::vector<std::string> uncounted_clients{"loopback", "private"};
    /// Requests at a time on one HTTP/2 connection. 0: auto, what the program says. 0 to 10,000.
    unsigned streams = 0;
    std::uint64_t body_bytes = 1ULL << 20;  ///< Of a request. Text: `body = "1M"`. 0 to 1 TiB.
    /// Of all requests together that are buffered at a time. 1 MiB to 1 TiB.
    std::uint64_t bodies_bytes = 256ULL << 20;
    std::uint64_t head_bytes = 16ULL << 10;  ///< Of a request. Text: `head = "16K"`. 1K to 1M.
    milliseconds idle = std::chrono::seconds{75};     ///< Of a kept-alive connection. 1 s to 1 d.
    milliseconds request = std::chrono::seconds{30};  ///< To receive a whole head. 1 s to 1 h.
    /// Of the worker, by cgroup where that is allowed. 0: off. Range: 0, or 1 MiB to 1 PiB.
    std::uint64_t memory_bytes = 0;
    unsigned files = 65'536;  ///< Open descriptors. Range: 64 to 1,048,576.
    friend bool operator==(const limit&, const limit&) = default;
};

/// Whether clients show a certificate.
enum class client_check : std::uint8_t { off, optional, required };

[[nodiscard]] result<client_check> parse_client_check(std::string_view text);
[[nodiscard]] std::string_view name_of(client_check check) noexcept;

/// How TLS is spoken on endpoints "tls://…": [app.NAME.tls]. Paths of PEM files.
struct tls {
    /// A client gets the first one that is good for the host it names, else the first of all. Each
    /// with what leads to the root behind it. At most 64.
    std::vector<std::string> certificate;
    std::vector<std::string> key;  ///< One for each certificate, in the same order.
    std::string client_ca;         ///< Who may vouch for clients.
    client_check client = client_check::off;
    friend bool operator==(const tls&, const tls&) = default;
};

/// server: what an HTTP server needs. strict: no exec, no ptrace, no file outside of its own.
enum class sandbox_profile : std::uint8_t { off, server, strict };

[[nodiscard]] result<sandbox_profile> parse_sandbox_profile(std::string_view text);
[[nodiscard]] std::string_view name_of(sandbox_profile profile) noexcept;

/// What a worker may do: [app.NAME.sandbox]. Only `no_new_privs` has an effect without a profile.
struct sandbox {
    sandbox_profile profile = sandbox_profile::off;
    std::vector<std::string> read;   ///< Folders and files besides the usual. Absolute; at most 64.
    std::vector<std::string> write;  ///< The same, for writing.
    /// Kept of what root has, as capabilities(7) names them: "CAP_NET_BIND_SERVICE". At most 41.
    std::vector<std::string> capabilities;
    bool no_new_privs = false;  ///< A profile switches it on by itself.
    /// strict: go on where the kernel cannot do all of it, instead of refusing to start.
    bool best_effort = false;
    friend bool operator==(const sandbox&, const sandbox&) = default;
};

enum class log_level : std::uint8_t { trace, debug, info, warn, error, fatal, silent };
/// automatic: text with colours where the standard output is a terminal, else json.
enum class log_format : std::uint8_t { automatic, json, pino, text };

[[nodiscard]] result<log_level> parse_log_level(std::string_view text);
[[nodiscard]] std::string_view name_of(log_level level) noexcept;
[[nodiscard]] result<log_format> parse_log_format(std::string_view text);
[[nodiscard]] std::string_view name_of(log_format format) noexcept;

/// What is said about it: [log], for all apps of the file.
struct log {
    log_level level = log_level::info;
    log_format format = log_format::automatic;
    log_target to;
    rotation rotate;  ///< only for files
    friend bool operator==(const log&, const log&) = default;
};

/// Who may read metrics over TCP: whoever has the token, or whoever comes.
enum class metrics_access : std::uint8_t { token, open };

[[nodiscard]] result<metrics_access> parse_metrics_access(std::string_view text);
[[nodiscard]] std::string_view name_of(metrics_access access) noexcept;

/// Who may ask and order: [admin], for all apps of the file.
struct admin {
    /// The admin socket: "auto" (a file in the runtime directory), "off", or a path.
    std::string socket = "auto";
    /// An address for the dashboard and for metrics, with a token. Empty: off.
    std::string http;
    /// What proves over TCP that somebody may ask; or a file where it is. Both empty: one is made
    /// up, and lies beside the socket.
    std::string token;
    std::string token_file;
    /// The same for whoever may look, and order nothing: Prometheus, say. Both empty: it is what
    /// somebody puts into a file beside the socket.
    std::string view_token;
    std::string view_token_file;
    metrics_access metrics = metrics_access::token;
    /// Names by which browsers reach the dashboard, besides addresses and localhost. At most 64.
    std::vector<std::string> hosts;
    friend bool operator==(const admin&, const admin&) = default;
};

/// Complaints about one section, whose keys are named "ready.timeout"; none: it is usable.
[[nodiscard]] std::vector<problem> problems(const ready& r);
[[nodiscard]] std::vector<problem> problems(const health& h);
[[nodiscard]] std::vector<problem> problems(const crash& c);
[[nodiscard]] std::vector<problem> problems(const restart& r);
[[nodiscard]] std::vector<problem> problems(const stop& s);
[[nodiscard]] std::vector<problem> problems(const reload& r);
[[nodiscard]] std::vector<problem> problems(const recycle& r);
[[nodiscard]] std::vector<problem> problems(const scaling& s);
[[nodiscard]] std::vector<problem> problems(const limit& l);
[[nodiscard]] std::vector<problem> problems(const tls& t);
[[nodiscard]] std::vector<problem> problems(const sandbox& s);
[[nodiscard]] std::vector<problem> problems(const log& l);
[[nodiscard]] std::vector<problem> problems(const admin& a);

}  // namespace cohort::config
