#pragma once

#include <cohort/base/unique_fd.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/testing/detail/witness_book.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::testing::detail {

/// What all connections of a witness share.
struct witness_setting {
    net::socket_address server;
    nanoseconds timeout{};
    std::string plain_target;               ///< Empty: the witness's own paths.
    std::optional<std::string> plain_body;  ///< Of the first answer.
};

/// One keep-alive connection of the witness: sends items, reads and judges answers, and opens
/// itself again when it was closed. A resource. It never sends a request a second time.
class witness_connection {
public:
    witness_connection(std::uint32_t number, int epoll, witness_setting& setting,
                       witness_book& book);
    witness_connection(const witness_connection&) = delete;
    witness_connection& operator=(const witness_connection&) = delete;
    ~witness_connection() = default;

    /// May it take an item?
    [[nodiscard]] bool free() const noexcept { return flights_.empty() && wait_ == wait::nothing; }
    [[nodiscard]] bool busy() const noexcept { return !flights_.empty(); }
    /// With a request that it had at that moment.
    [[nodiscard]] bool busy_since(steady_time when) const noexcept
    {
        return busy() && flights_.front().asked <= when;
    }

    /// Takes one, whose first request has this number.
    void take(const witness_item& item, std::uint64_t first_number, steady_time planned,
              steady_time when);

    /// Events of epoll.
    void ready(std::uint32_t events, steady_time when);

    /// When it wants to be woken, if at all.
    [[nodiscard]] std::optional<steady_time> wake_at() const noexcept
    {
        return wait_ == wait::nothing ? std::nullopt : std::optional{wake_at_};
    }
    void wake(steady_time when);

    /// Gives up if its oldest request had all its time.
    void expire(steady_time when);

private:
    enum class stage : std::uint8_t { closed, connecting, open };
    enum class wait : std::uint8_t { nothing, rest, connect, write, read };
    enum class end : std::uint8_t { refused, reset, clean, late, nonsense };

    void compose(const witness_item& item, std::uint64_t number);
    void open(steady_time when);
    void connected(steady_time when);
    void send(steady_time when);
    void note_sent(steady_time when);
    void receive(steady_time when);
    void eat(std::string_view bytes, steady_time when);
    void answered(steady_time when);
    void lost(end how, steady_time when, const std::string& detail);
    [[nodiscard]] witness_outcome outcome_of(const flight& of, bool first, end how) const noexcept;
    void expect_next();
    void close() noexcept;
    void rest(steady_time when);
    void watch();
    void wait_for(wait what, steady_time until) noexcept;
    [[nodiscard]] bool reads_slowly() const noexcept;

    std::uint32_t number_;
    int epoll_;
    witness_setting& setting_;
    witness_book& book_;
    unique_fd socket_;
    stage stage_ = stage::closed;
    std::optional<std::uint32_t> watched_;  // what epoll was told

    std::deque<flight> flights_;
    answer_reader reader_;
    nanoseconds pause_{0};

    std::string out_;  // of the item at hand
    std::size_t out_given_ = 0;
    std::deque<std::size_t> gates_;  // how far out_ may be given before each pause
    std::size_t next_unsent_ = 0;    // first flight without a byte given

    wait wait_ = wait::nothing;
    steady_time wake_at_{};
};

}  // namespace cohort::testing::detail
