#pragma once
// What one key of the configuration can say, where that is more than a number or a text: each is a
// value that is read from its text and gives that text back.

#include <cohort/base/error.hpp>
#include <cohort/config/measure.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::config {

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

/// What shows that a worker is ready. Text: "auto" (what it speaks decides: `notify` for those who
/// have a way to say it, `listen` for others), "notify", "listen", "http:/path".
struct ready_sign {
    enum class kind : std::uint8_t { automatic, notify, listen, http };
    kind what = kind::automatic;
    std::string path;  ///< of http: asked until it answers 2xx

    [[nodiscard]] static result<ready_sign> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const ready_sign&, const ready_sign&) = default;
};

/// A question asked over HTTP now and then. Text: "/health", "/health every 10s, 3 fails", "off".
struct http_probe {
    std::string path;                               ///< empty: off
    milliseconds every = std::chrono::seconds{10};  ///< Range: 100 ms to 1 h.
    unsigned fails = 3;  ///< in a row, until the worker counts as ill. Range: 1 to 100.

    [[nodiscard]] bool on() const noexcept { return !path.empty(); }
    [[nodiscard]] static result<http_probe> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const http_probe&, const http_probe&) = default;
};

/// What ends a reload and brings the old generation back. Text: "crash", "5xx > 1%" (of the new
/// workers' answers), "p99 > 3x", "memory > 2x" (of what the old generation has).
struct abort_rule {
    enum class kind : std::uint8_t { crash, errors, latency, memory };
    kind what = kind::crash;
    double over = 0;  ///< errors: percent, 0 to 100. latency, memory: times, 1 to 1,000

    [[nodiscard]] static result<abort_rule> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const abort_rule&, const abort_rule&) = default;
};

/// Where the log goes. Text: "stdout", "journal", "file:PATH", in which {app} and {slot} are
/// replaced.
struct log_target {
    enum class kind : std::uint8_t { output, journal, file };
    kind what = kind::output;
    std::string path;  ///< of the file

    [[nodiscard]] static result<log_target> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const log_target&, const log_target&) = default;
};

/// When a log file is put aside. Text: "off", "100M x 10".
struct rotation {
    std::uint64_t bytes = 0;  ///< 0: off. Range: 4 KiB to 1 TiB.
    unsigned files = 0;       ///< kept besides the one that is written. Range: 1 to 1,000.

    [[nodiscard]] bool on() const noexcept { return bytes != 0; }
    [[nodiscard]] static result<rotation> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    friend bool operator==(const rotation&, const rotation&) = default;
};

/// Where the value of an environment variable comes from, when the configuration must not hold it:
/// `{file = "/run/secrets/db"}` or `{fd = 5}`. A value; config/secrets reads it.
struct secret {
    std::string file;  ///< empty: by descriptor
    int fd = -1;       ///< -1: by file
    friend bool operator==(const secret&, const secret&) = default;
};

}  // namespace cohort::config
