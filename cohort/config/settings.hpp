#pragma once
// Everything that can be set about a cohort. Who overrides whom, from weak to strong:
//
//     what is written here < the program's own code < the file < the environment < command line
//
// so that an operator can always overrule a developer.

#include <cohort/base/error.hpp>
#include <cohort/config/problem.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::config {

using std::chrono::milliseconds;

/// How many workers. A value: automatic (the CPU quota), a number, or a range. Text: `workers =
/// "auto"`, `8`, `"2..16"`. Range: 1 to 256.
class worker_count {
public:
    static constexpr unsigned most = 256;

    worker_count() noexcept = default;
    [[nodiscard]] static worker_count automatic() noexcept { return {}; }
    [[nodiscard]] static worker_count exactly(unsigned n) noexcept { return {n, n}; }
    /// Starts with what the quota gives, kept inside the range.
    [[nodiscard]] static worker_count between(unsigned low, unsigned high) noexcept
    {
        return {low, high};
    }

    /// Errors: errc::bad_value.
    [[nodiscard]] static result<worker_count> parse(std::string_view text);

    /// The number to start with, when the quota is good for `available`.
    [[nodiscard]] unsigned resolve(unsigned available) const noexcept;

    [[nodiscard]] bool is_automatic() const noexcept { return low_ == 0; }
    [[nodiscard]] unsigned low() const noexcept { return low_; }    ///< 0: automatic
    [[nodiscard]] unsigned high() const noexcept { return high_; }  ///< 0: automatic
    [[nodiscard]] std::string text() const;

    friend bool operator==(const worker_count&, const worker_count&) = default;

private:
    worker_count(unsigned low, unsigned high) noexcept
        : low_{low}, high_{high}
    {}
    unsigned low_ = 0;
    unsigned high_ = 0;
};

/// Who gets a new connection.
enum class policy : std::uint8_t { balanced, round_robin, least_connections, reuseport, sticky };

/// "balanced", "round_robin", … Errors: errc::bad_value.
[[nodiscard]] result<policy> parse_policy(std::string_view text);
[[nodiscard]] std::string_view name_of(policy which) noexcept;

/// "on", "off"; also true and false, 1 and 0. Errors: errc::bad_value.
[[nodiscard]] result<bool> parse_switch(std::string_view text);

/// ThreadSanitizer does not know processes that share a descriptor table.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool keepers_default = false;
#else
inline constexpr bool keepers_default = true;
#endif

/// Where a standard stream of an exec'ed program goes. A value. Text: "inherit", "pipe", "null",
/// "file:PATH".
struct stream_target {
    enum class kind : std::uint8_t { inherit, pipe, null, file };
    kind what = kind::inherit;
    std::string path;  ///< of the file

    [[nodiscard]] static result<stream_target> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const stream_target&, const stream_target&) = default;
};

/// When a worker counts as ready: [app.NAME.ready].
struct ready {
    /// From the birth of a worker until it says that it is ready. Range: 100 ms to 1 h.
    milliseconds timeout = std::chrono::seconds{60};
    friend bool operator==(const ready&, const ready&) = default;
};

/// How we know that a worker still turns: [app.NAME.health].
struct health {
    /// Longest silence of an event loop before its worker is ended and replaced. 0: off. Text:
    /// `heartbeat = "30s"` or "off". Range: 0, or 100 ms to 1 h.
    milliseconds heartbeat = std::chrono::seconds{30};
    friend bool operator==(const health&, const health&) = default;
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

/// Ceilings of one worker: [app.NAME.limit].
struct limit {
    unsigned connections = 20'000;           ///< Open at a time. Range: 1 to 1,000,000.
    std::uint64_t body_bytes = 1ULL << 20;   ///< Of a request. Text: `body = "1M"`. 0 to 1 TiB.
    std::uint64_t head_bytes = 16ULL << 10;  ///< Of a request. Text: `head = "16K"`. 1K to 1M.
    milliseconds idle = std::chrono::seconds{75};     ///< Of a kept-alive connection. 1 s to 1 d.
    milliseconds request = std::chrono::seconds{30};  ///< To receive a whole head. 1 s to 1 h.
    friend bool operator==(const limit&, const limit&) = default;
};

enum class log_level : std::uint8_t { trace, debug, info, warn, error, fatal, silent };
enum class log_format : std::uint8_t { json, text };

[[nodiscard]] result<log_level> parse_log_level(std::string_view text);
[[nodiscard]] std::string_view name_of(log_level level) noexcept;
[[nodiscard]] result<log_format> parse_log_format(std::string_view text);
[[nodiscard]] std::string_view name_of(log_format format) noexcept;

/// What is said about it: [log], for all apps of the file.
struct log {
    log_level level = log_level::info;
    log_format format = log_format::json;
    friend bool operator==(const log&, const log&) = default;
};

/// One app: [app.NAME]. A value; problems() says whether it is usable.
struct settings {
    std::string name = "app";       ///< 1 to 64 of letters, digits, '_', '-', '.'
    std::string exec;               ///< another program; empty: workers are forked from this one
    std::vector<std::string> args;  ///< of that program
    std::string cwd;                ///< of workers; empty: ours
    std::map<std::string, std::string> env;           ///< added to ours, for workers
    stream_target in{stream_target::kind::null, {}};  ///< of that program: `stdin`
    stream_target out;                                ///< `stdout`
    stream_target err;                                ///< `stderr`
    std::string user;   ///< name or number of whom workers become; empty: nobody else
    std::string group;  ///< name or number; empty: the user's own

    std::vector<std::string> listen;  ///< "8080", "host:port", "unix:/path", "fd:3" (net/address)
    unsigned backlog = 511;           ///< of listening sockets. Range: 1 to 65,535.
    worker_count workers;
    policy balance = policy::balanced;
    unsigned lanes = 4;  ///< compute threads of a worker. Range: 1 to 64.

    /// Connections outlive their workers. Only for workers that are forked, and replaced by us.
    bool keepers = keepers_default;
    /// A successor waits beside every worker: it takes over sooner, and costs its page tables.
    bool standby = true;

    config::ready ready;
    config::health health;
    config::restart restart;
    config::stop stop;
    config::limit limit;
    config::log log;

    friend bool operator==(const settings&, const settings&) = default;
};

/// All complaints about `s`, in the order of its fields; none means it is usable. Does not look
/// at the world: whether a file or a user exists is found out by who needs it.
[[nodiscard]] std::vector<problem> problems(const settings& s);

}  // namespace cohort::config
