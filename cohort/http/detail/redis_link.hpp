#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/limiting/redis_options.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cohort::http::detail {

/// What Redis said to one command. A value.
struct redis_answer {
    enum class kind : std::uint8_t {
        lost,  ///< Nothing: the connection ended, or never began.
        error,
        numbers,
        other,
    };
    kind is = kind::lost;
    std::vector<std::int64_t> numbers;
    std::string text;  ///< Of an error.
};

/// One connection, hiredis' in Asio's loop: commands of many coroutines, answered in order. A
/// resource that the loop's waits keep; whoever only uses it has a weak pointer, since the loop may
/// end before them. Loop: one thread.
class redis_link {
public:
    static constexpr std::size_t waiting_max = 10'000;

    /// Begins to connect; never waits. Errors: errc::bad_value, no such address; the system's.
    [[nodiscard]] static result<std::shared_ptr<redis_link>>
    connect(const asio::any_io_executor& loop, const redis_options& to);

    virtual ~redis_link() = default;

    /// Errors: errc::deadline_passed (and the connection is given up, with all who wait for it);
    ///         errc::queue_full; errc::cancelled. Cancel: total.
    [[nodiscard]] virtual awaitable<result<redis_answer>>
    ask(std::vector<std::string> words, std::chrono::nanoseconds patience) = 0;

    [[nodiscard]] virtual bool alive() const noexcept = 0;
};

}  // namespace cohort::http::detail
