#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

struct sqlite3;

/// What somebody wants to be paid. A value.
struct order {
    std::string to;  ///< An IBAN.
    std::int64_t cents = 0;
    std::string currency;
    std::optional<std::string> note;
};

/// What was paid. A value.
struct payment : order {
    std::int64_t id = 0;
    std::string owner;
    std::int64_t refunded = 0;  ///< Cents of it.
    std::string created;
};

/// A change that is made once, however often it is asked for. A value.
struct claim {
    std::string owner;
    std::string key;          ///< The client's, for this change and no other.
    std::string fingerprint;  ///< Of the request: the same key with another one is a mistake.
};

/// What was answered to it the first time. A value.
struct kept_answer {
    unsigned status = 0;
    std::string location;
    std::string body;
};

/// The payments, in a file of SQLite's. A connection for each thread that is in here at the same
/// time, opened when it is first needed, since SQLite must not be carried through a fork. A
/// resource; any thread but the event loop's: every call may wait for the disk, and who writes for
/// others that write, in this process or another. Who reads waits for no writer.
///
/// All throw: cohort::failure with errc::queue_full if others were writing for `patience` (503),
/// std::runtime_error for whatever else SQLite has to say (500).
class ledger {
public:
    /// What one transaction may do.
    class writer {
    public:
        payment pay(const std::string& owner, const order& what);
        std::optional<payment> find(std::int64_t id);

        /// False, and nothing is done, if less than that is left of it.
        bool refund(std::int64_t id, std::int64_t cents);

    private:
        friend class ledger;
        explicit writer(sqlite3* on)
            : on_{on}
        {}
        sqlite3* on_;
    };

    enum class outcome : std::uint8_t { made, replayed, other_request };
    struct once_result {
        outcome what = outcome::made;
        kept_answer answer;  ///< Empty for other_request.
    };

    struct page {
        std::string owner;  ///< Empty: everybody's.
        std::int64_t after = 0;
        std::uint32_t limit = 0;
    };

    explicit ledger(std::string path, std::chrono::milliseconds patience = std::chrono::seconds{1});
    ledger(const ledger&) = delete;
    ledger& operator=(const ledger&) = delete;
    ~ledger();

    /// Makes the tables if need be, and leaves no connection behind: for before the fork.
    void prepare();

    /// Runs `work` and keeps its answer in the same transaction, so that one is never there without
    /// the other; or has the answer that is kept. What `work` throws takes everything back. Answers
    /// are kept for a day.
    once_result once(const claim& by, const std::function<kept_answer(writer&)>& work);

    std::optional<payment> find(std::int64_t id);
    std::vector<payment> list(const page& of);

private:
    struct closer {
        void operator()(sqlite3* connection) const noexcept;
    };
    using connection = std::unique_ptr<sqlite3, closer>;
    class borrowed;
    [[nodiscard]] connection open() const;

    const std::string path_;
    const std::chrono::milliseconds patience_;
    std::mutex mutex_;              // of idle_
    std::vector<connection> idle_;  // no more than lanes
    std::timed_mutex writing_;      // one lane of this process: SQLite's own queue is a poll
};
