#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/http/client/client.hpp>
#include <cohort/http/telemetry/otlp_retry.hpp>
#include <cohort/observe/otlp_settings.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::http {

/// What has become of the items (spans, data points, log records) that were to be sent. A value.
struct otlp_counters {
    std::uint64_t delivered = 0;
    std::uint64_t rejected = 0;  ///< The collector took the request, and not these.
    std::uint64_t refused = 0;   ///< It refused the whole request.
    std::uint64_t given_up = 0;  ///< It could not be reached, or had no time, for too long.
    std::uint64_t requests = 0;  ///< Attempts too.
    std::uint64_t retries = 0;
    std::uint64_t bytes = 0;  ///< Of bodies, as they were sent.
};

/// Sends documents of one kind to a collector, by OTLP/HTTP in JSON: one at a time, each until it
/// is taken, refused for good, or its time is over. A resource of one event loop.
///
/// The log hears when a collector begins to fail and when it is well again, not of each request.
class otlp_sender {
public:
    static constexpr std::size_t response_bytes_max = std::size_t{4} << 20;

    explicit otlp_sender(observe::otlp_target to,
                         nanoseconds pause_first = otlp_retry::pause_first);
    otlp_sender(const otlp_sender&) = delete;
    otlp_sender& operator=(const otlp_sender&) = delete;

    /// Sends `document`, in which there are so many `items`; they are counted when it is over.
    /// @param budget  for all attempts
    /// @return        false: it was cancelled, and nothing is counted.
    /// Cancel: total. Order: one at a time.
    [[nodiscard]] awaitable<bool> send(std::string document, std::size_t items, nanoseconds budget);

    [[nodiscard]] const otlp_counters& counters() const noexcept { return counters_; }

    /// Closes connections. Before the loop goes.
    [[nodiscard]] awaitable<> close() { return client_.close_idle(); }

private:
    void check_headers();
    [[nodiscard]] client_request request_of(std::string document) const;
    [[nodiscard]] otlp_retry::verdict weigh(const result<client_response>& answer, otlp_retry& rule,
                                            std::string& problem) const;
    void taken(std::size_t items, std::string_view answer);
    void lost(std::uint64_t& as, std::size_t items, std::string_view problem);

    observe::otlp_target to_;
    nanoseconds pause_first_;
    client client_;
    otlp_counters counters_;
    bool fails_ = false;
};

/// How many items a collector says that it did not take of a request that it took: the member of
/// "partialSuccess" that begins with "rejected". 0 for anything else.
[[nodiscard]] std::uint64_t otlp_rejected(std::string_view answer) noexcept;

}  // namespace cohort::http
