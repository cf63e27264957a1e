// How connections come in, and who may not.
#include <cohort/http/server.hpp>

#include <cohort/base/assert.hpp>
#include <cohort/board/journal.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/http/serializer.hpp>
#include <cohort/http/session.hpp>
#include <cohort/http/tls/context.hpp>

#include <array>
#include <string>
#include <utility>

#include <sys/socket.h>

namespace cohort::http {

namespace {

/// What a refused client may have sent already, and would lose our answer by.
constexpr int soaked_bytes_max = 65'536;

/// An answer to whatever it wants to ask. Nothing here waits: it has cost enough.
void turn_away(int connection) noexcept
{
    const violation& why = too_many_connections;
    const response words = problem(why.status, {}, why.words);
    std::string all;
    begin_head(all, why.status);
    ((all += "Content-Type: ") += words.content_type()) += "\r\n";
    end_head(all, plan_answer({.status = why.status, .length = words.body().size()}));
    all += words.body();
    static_cast<void>(::send(connection, all.data(), all.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    // A close with unread bytes would reset the connection under it.
    ::shutdown(connection, SHUT_WR);
    std::array<char, 16'384> some;
    for (int left = soaked_bytes_max; left > 0; left -= static_cast<int>(some.size())) {
        if (::recv(connection, some.data(), some.size(), MSG_DONTWAIT) <= 0)
            return;
    }
}

}  // namespace

result<> server::take(unique_fd&& connection)
{
    peer_lookup who{connection.borrow()};
    if (auto may = may_take(who, &connection); !may)
        return may;
    return admit(std::move(connection), who, {});
}

result<> server::take_tls(unique_fd&& connection)
{
    peer_lookup who{connection.borrow()};
    if (auto may = may_take(who, nullptr); !may)
        return may;
    begin_tls(std::move(connection), who, nullptr);
    return {};
}

result<> server::take(unique_fd&& connection, const peer& from)
{
    peer_lookup who{from};
    if (auto may = may_take(who, &connection); !may)
        return may;
    look_at_clock();
    keep(std::make_unique<session>(*this, std::move(connection), second(), nullptr, &from)).begin();
    keep_a_place_free();
    return {};
}

result<> server::take_tls(unique_fd&& connection, const peer& from)
{
    peer_lookup who{from};
    if (auto may = may_take(who, nullptr); !may)
        return may;
    begin_tls(std::move(connection), who, &from);
    return {};
}

void server::expect_strangers() noexcept
{
    if (options_.survival.journal != nullptr)
        options_.survival.journal->header().strangers.store(1, std::memory_order_release);
}

/// Who has too many hears so on `plain`; through TLS nobody could say it yet.
result<> server::may_take(peer_lookup& who, const unique_fd* plain)
{
    if (draining_)
        return failed(errc::stopping, "take connection");
    if (full())
        return failed(errc::queue_full, "take connection");
    // Who it is costs a system call.
    if (!clients_.on() || clients_.has_room(who.get().ip()))
        return {};
    count_refusal(too_many_connections, who, {});
    if (plain != nullptr)
        turn_away(plain->borrow());
    return failed(errc::queue_full, "take another connection of", who.get().address());
}

void server::begin_tls(unique_fd&& connection, const peer_lookup& who, const peer* proxied)
{
    COHORT_ASSERT(options_.tls != nullptr);
    using protocols = tls::context::protocols;
    auto through = options_.tls->begin(
        connection.borrow(), options_.on_http2 ? protocols::http1_and_2 : protocols::http1);
    look_at_clock();
    auto made = std::make_unique<session>(*this, std::move(connection), second(),
                                          std::move(through), proxied);
    made->peer_ = who;
    keep(std::move(made)).begin();
    keep_a_place_free();
}

result<> server::admit(unique_fd&& connection, const peer_lookup& who, const resumption& at)
{
    if (draining_)
        return failed(errc::stopping, "take connection");

    look_at_clock();
    auto made = std::make_unique<session>(*this, std::move(connection), second());
    made->peer_ = who;
    made->inherit(at);
    keep(std::move(made)).begin();
    keep_a_place_free();
    return {};
}

}  // namespace cohort::http
