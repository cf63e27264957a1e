#pragma once
// For tests of adoption: servers that die and succeed one another on one journal, and clients that
// must not notice. The test holds the connections as a keeper's table would.

#include <cohort/async/lanes.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/fault_point.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/board/quarantine.hpp>
#include <cohort/board/segment.hpp>
#include <cohort/http/router.hpp>
#include <cohort/http/server.hpp>
#include <cohort/process/child.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::test {

/// What the processes of one test share besides the journal. Plain words.
struct shared_words {
    std::atomic<std::uint32_t> ready;         ///< The server has taken everything.
    std::atomic<std::uint32_t> runs;          ///< Of the handler that must not run twice.
    std::atomic<std::uint32_t> passed;        ///< Fault points, in this server's life.
    std::atomic<std::uint32_t> die_at;        ///< The fault point to die at; 0: none.
    std::atomic<std::uint32_t> heir_dies_at;  ///< The same for its successor.
    std::atomic<std::uint32_t> deaths;        ///< Of servers.
    std::atomic<const char*> died_at;         ///< Its name: the same image, so the same address.
    std::atomic<const char*> hold_at;         ///< Who comes to the fault point waits for `go`.
    std::atomic<std::uint32_t> attempt;       ///< request::attempt() of the last run.
    std::atomic<std::uint32_t> waiting;       ///< How many have come to wait for `go`, on lanes.
    std::atomic<std::uint32_t> go;            ///< What waits for it goes on.
};

/// The client's end, and what it heard.
struct caller {
    unique_fd socket;
    int number = -1;  ///< of the server's end
    std::string heard;
    std::uint64_t said = 0;
    bool ended = false;
    bool reset = false;

    void say(std::string_view bytes);
    void listen(std::size_t most = 1U << 20);
};

/// A line of servers. A resource of one test.
class dynasty {
public:
    dynasty();
    ~dynasty();
    dynasty(const dynasty&) = delete;
    dynasty& operator=(const dynasty&) = delete;

    /// A TCP connection whose server's end is left to whoever reigns next.
    [[nodiscard]] caller call(int server_buffer = 0);

    /// Begins a reign. The server of the first one takes what was called; later ones adopt it.
    void reign();

    /// One turn: hears `from`, and begins the next reign if the last one has ended.
    void turn(caller& from, std::size_t most = 1U << 20);

    /// Until `come`; fails after some seconds.
    void until(caller& from, const std::function<bool()>& come);

    /// Says it, and waits until a server has read it.
    void say(caller& who, std::string_view bytes);

    /// The server's end is closed by whoever reigns; then the client hears of it.
    void hear_end(caller& who);

    /// It closes with a reset, and whoever reigns has noticed.
    void leave(caller& who);

    void kill();
    /// Sends it to whoever reigns, and does not wait.
    void strike(int signal);
    [[nodiscard]] board::connection_state state(const caller& of) const;
    /// Its record says that there is no such connection.
    void forget(const caller& of) { book_->record(of.number)->commit({}); }
    [[nodiscard]] board::journal_header& totals() { return book_->header(); }

    shared_words& words;
    http::server_options options{};
    std::size_t arena_bytes = 32U << 20;  ///< Before the first call.
    /// So many of those who call first are served by another server, which records nothing.
    std::size_t strangers = 0;
    bool succeed = true;  ///< The next reign begins by itself.
    unsigned lanes_wanted = lanes::threads_default;

private:
    void serve() noexcept;
    void routes(http::router& api);
    void bodies(http::router& api);
    void streams(http::router& api);
    void crashes(http::router& api);
    void note_end();

    std::optional<board::journal> book_;
    board::segment board_;
    std::vector<unique_fd> table_;
    std::optional<process::child> server_;
    unsigned reigns_ = 0;
};

/// Without the dates.
[[nodiscard]] std::string dateless(std::string_view heard);
[[nodiscard]] std::string pattern(std::size_t bytes);

/// Bytes of the bodies below /long.
inline constexpr std::size_t long_bytes = 10U << 20;

}  // namespace cohort::test
