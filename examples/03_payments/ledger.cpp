#include "ledger.hpp"

#include <cohort/base/error.hpp>

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace {

constexpr const char* tables = R"(
    CREATE TABLE IF NOT EXISTS payments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        recipient TEXT NOT NULL,
        cents INTEGER NOT NULL CHECK (cents > 0),
        currency TEXT NOT NULL,
        note TEXT,
        refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND cents),
        created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ'))
    ) STRICT;
    CREATE INDEX IF NOT EXISTS payments_of ON payments (owner, id);
    CREATE TABLE IF NOT EXISTS answers (
        owner TEXT NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL,
        location TEXT NOT NULL,
        body TEXT NOT NULL,
        created INTEGER NOT NULL DEFAULT (unixepoch()),
        UNIQUE (owner, key)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS answers_by_age ON answers (created);
)";

constexpr std::string_view columns =
    "SELECT id, owner, recipient, cents, currency, note, refunded, created FROM payments ";

cohort::failure busy()
{
    return cohort::failure{{cohort::errc::queue_full, "write to the ledger"}};
}

[[noreturn]] void complain(sqlite3* of)
{
    const int code = of == nullptr ? SQLITE_NOMEM : sqlite3_errcode(of);
    if (code == SQLITE_BUSY)
        throw busy();
    throw std::runtime_error{
        fmt::format("SQLite: {}", of == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(of))};
}

void execute(sqlite3* on, const char* script)
{
    if (sqlite3_exec(on, script, nullptr, nullptr, nullptr) != SQLITE_OK)
        complain(on);
}

/// One statement, its values bound in order. A resource.
class statement {
public:
    statement(sqlite3* on, std::string_view text)
        : on_{on}
    {
        if (sqlite3_prepare_v2(on, text.data(), static_cast<int>(text.size()), &it_, nullptr) !=
            SQLITE_OK)
            complain(on);
    }
    statement(const statement&) = delete;
    statement& operator=(const statement&) = delete;
    ~statement() { sqlite3_finalize(it_); }

    /// Texts must outlive the statement.
    statement& with(std::string_view text)
    {
        return check(sqlite3_bind_text64(it_, ++bound_, text.data(), text.size(), SQLITE_STATIC,
                                         SQLITE_UTF8));
    }
    statement& with(std::int64_t number)
    {
        return check(sqlite3_bind_int64(it_, ++bound_, number));
    }
    statement& with_or_null(const std::optional<std::string>& text)
    {
        return text ? with(std::string_view{*text}) : check(sqlite3_bind_null(it_, ++bound_));
    }

    /// True while there are rows.
    bool step()
    {
        const int code = sqlite3_step(it_);
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            complain(on_);
        return code == SQLITE_ROW;
    }

    [[nodiscard]] std::int64_t number(int column) { return sqlite3_column_int64(it_, column); }
    [[nodiscard]] std::string text(int column)
    {
        const unsigned char* const bytes = sqlite3_column_text(it_, column);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(it_, column));
        return bytes == nullptr ? std::string{} : std::string{bytes, bytes + size};
    }
    [[nodiscard]] bool is_null(int column)
    {
        return sqlite3_column_type(it_, column) == SQLITE_NULL;
    }

private:
    statement& check(int code)
    {
        if (code != SQLITE_OK)
            complain(on_);
        return *this;
    }

    sqlite3* on_;
    sqlite3_stmt* it_ = nullptr;
    int bound_ = 0;
};

payment read(statement& row)
{
    payment out;
    out.id = row.number(0);
    out.owner = row.text(1);
    out.to = row.text(2);
    out.cents = row.number(3);
    out.currency = row.text(4);
    if (!row.is_null(5))
        out.note = row.text(5);
    out.refunded = row.number(6);
    out.created = row.text(7);
    return out;
}

std::optional<payment> find_on(sqlite3* on, std::int64_t id)
{
    statement asked{on, fmt::format("{} WHERE id = ?", columns)};
    if (!asked.with(id).step())
        return std::nullopt;
    return read(asked);
}

/// Takes everything back unless it is committed. A resource.
class transaction {
public:
    /// IMMEDIATE: who reads first and writes later could find that somebody else has written
    /// meanwhile, which no patience helps against.
    explicit transaction(sqlite3* on)
        : on_{on}
    {
        execute(on, "BEGIN IMMEDIATE");
    }
    transaction(const transaction&) = delete;
    transaction& operator=(const transaction&) = delete;
    ~transaction()
    {
        // Not where SQLite has done so already, as it does when the disk is full.
        if (sqlite3_get_autocommit(on_) == 0)
            sqlite3_exec(on_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
    void commit() { execute(on_, "COMMIT"); }

private:
    sqlite3* on_;
};

}  // namespace

payment ledger::writer::pay(const std::string& owner, const order& what)
{
    statement added{on_, "INSERT INTO payments (owner, recipient, cents, currency, note) "
                         "VALUES (?, ?, ?, ?, ?)"};
    added.with(owner)
        .with(what.to)
        .with(what.cents)
        .with(what.currency)
        .with_or_null(what.note)
        .step();
    return find(sqlite3_last_insert_rowid(on_)).value();
}

std::optional<payment> ledger::writer::find(std::int64_t id) { return find_on(on_, id); }

bool ledger::writer::refund(std::int64_t id, std::int64_t cents)
{
    statement changed{on_, "UPDATE payments SET refunded = refunded + ?1 "
                           "WHERE id = ?2 AND cents - refunded >= ?1"};
    changed.with(cents).with(id).step();
    return sqlite3_changes(on_) == 1;
}

/// A connection for one call. A resource.
class ledger::borrowed {
public:
    explicit borrowed(ledger& of)
        : of_{of}
    {
        {
            const std::lock_guard alone{of_.mutex_};
            if (!of_.idle_.empty()) {
                it_ = std::move(of_.idle_.back());
                of_.idle_.pop_back();
            }
        }
        if (!it_)
            it_ = of_.open();
        sqlite3_busy_timeout(it_.get(), static_cast<int>(of_.patience_.count()));
    }
    borrowed(const borrowed&) = delete;
    borrowed& operator=(const borrowed&) = delete;
    ~borrowed()
    {
        // One that could not end its transaction is not for others.
        if (sqlite3_get_autocommit(it_.get()) == 0)
            return;
        const std::lock_guard alone{of_.mutex_};
        of_.idle_.push_back(std::move(it_));
    }
    [[nodiscard]] sqlite3* get() const noexcept { return it_.get(); }

private:
    ledger& of_;
    connection it_;
};

ledger::ledger(std::string path, std::chrono::milliseconds patience)
    : path_{std::move(path)}, patience_{patience}
{}

ledger::~ledger() = default;

void ledger::closer::operator()(sqlite3* connection) const noexcept { sqlite3_close(connection); }

void ledger::prepare() { execute(open().get(), tables); }

ledger::once_result ledger::once(const claim& by, const std::function<kept_answer(writer&)>& work)
{
    using std::chrono::steady_clock;
    const auto until = steady_clock::now() + patience_;
    const std::unique_lock alone{writing_, until};
    if (!alone)
        throw busy();
    const borrowed one{*this};
    sqlite3* const on = one.get();
    // What is left of it: the two queues together take no longer than one.
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()).count();
    sqlite3_busy_timeout(on, static_cast<int>(std::max<std::int64_t>(left, 1)));
    transaction whole{on};
    // A few at a time, but more than come in.
    execute(on, "DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers "
                "WHERE created < unixepoch() - 86400 ORDER BY created LIMIT 10)");
    statement known{on, "SELECT fingerprint, status, location, body FROM answers "
                        "WHERE owner = ? AND key = ?"};
    if (known.with(by.owner).with(by.key).step()) {
        if (known.text(0) != by.fingerprint)
            return {.what = outcome::other_request, .answer = {}};
        return {.what = outcome::replayed,
                .answer = {.status = static_cast<unsigned>(known.number(1)),
                           .location = known.text(2),
                           .body = known.text(3)}};
    }
    writer to{on};
    kept_answer answer = work(to);
    statement kept{on, "INSERT INTO answers (owner, key, fingerprint, status, location, body) "
                       "VALUES (?, ?, ?, ?, ?, ?)"};
    kept.with(by.owner).with(by.key).with(by.fingerprint);
    kept.with(std::int64_t{answer.status}).with(answer.location).with(answer.body).step();
    whole.commit();
    return {.what = outcome::made, .answer = std::move(answer)};
}

std::optional<payment> ledger::find(std::int64_t id)
{
    const borrowed on{*this};
    return find_on(on.get(), id);
}

std::vector<payment> ledger::list(const page& of)
{
    const borrowed on{*this};
    statement asked{on.get(), fmt::format("{} WHERE id > ? {} ORDER BY id LIMIT ?", columns,
                                          of.owner.empty() ? "AND ? = ''" : "AND owner = ?")};
    asked.with(of.after).with(of.owner).with(std::int64_t{of.limit});
    std::vector<payment> out;
    while (asked.step())
        out.push_back(read(asked));
    return out;
}

ledger::connection ledger::open() const
{
    sqlite3* opened = nullptr;
    const int code =
        sqlite3_open_v2(path_.c_str(), &opened,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    connection made{opened};  // there even if it failed
    if (code != SQLITE_OK)
        complain(opened);
    sqlite3_busy_timeout(opened, static_cast<int>(patience_.count()));
    // WAL: readers see what was there before, and wait for no writer. FULL: what was answered is on
    // the disk, also when the power fails.
    execute(opened, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    return made;
}
