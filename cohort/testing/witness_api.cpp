#include <cohort/testing/witness_api.hpp>

#include <cohort/async/deadline.hpp>
#include <cohort/base/parse.hpp>
#include <cohort/base/try.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/http/json.hpp>
#include <cohort/http/problem.hpp>
#include <cohort/net/socket_address.hpp>
#include <cohort/testing/witness_body.hpp>

#include <boost/json/parse.hpp>

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace cohort::testing {

using http::request;
using http::response;

/// In memory that all processes share. Plain words: any of them may die between two instructions.
struct witness_api::table {
    static constexpr std::uint64_t posts_max = std::uint64_t{1} << 22;

    std::atomic<std::uint64_t> first_runs;
    std::atomic<std::uint64_t> later_runs;
    std::atomic<std::uint64_t> ended;
    std::atomic<std::uint64_t> repeated;
    std::atomic<std::uint64_t> wrong;
    /// A bit for each POST that began, by its number modulo posts_max.
    std::array<std::atomic<std::uint64_t>, posts_max / 64> posts;

    void begin(const request& asked) { ++(asked.attempt() == 1 ? first_runs : later_runs); }
    void begin_post(std::uint64_t number)
    {
        const std::uint64_t place = number % posts_max;
        const std::uint64_t bit = std::uint64_t{1} << (place % 64);
        if ((posts[place / 64].fetch_or(bit) & bit) != 0)
            ++repeated;
    }
};

namespace {

using table = witness_api::table;

constexpr std::uint32_t bytes_max = 64U << 20;
constexpr std::size_t piece_bytes = 3000;

std::uint64_t number_of(const request& asked) { return asked.path<std::uint64_t>("number"); }

std::uint32_t bytes_of(const request& asked)
{
    return asked.query<std::uint32_t>("bytes", 0, bytes_max);
}

milliseconds work_of(const request& asked)
{
    return milliseconds{asked.query<std::uint32_t>("ms", 0, 60'000)};
}

response labelled(response answer, const request& asked)
{
    answer.header("Witness-Number", std::to_string(number_of(asked)));
    answer.header("Witness-Attempt", std::to_string(asked.attempt()));
    answer.header("Witness-Slot", std::to_string(asked.slot()));
    return answer;
}

response whole(const request& asked)
{
    std::string body = witness_body(number_of(asked), bytes_of(asked));
    return labelled(http::bytes("application/octet-stream", std::move(body)), asked);
}

struct at_once {
    std::shared_ptr<table> counts;
    response operator()(const request& asked) const
    {
        counts->begin(asked);
        response answer = whole(asked);
        ++counts->ended;
        return answer;
    }
};

/// Holds its lane; nobody else's time is used up.
struct busy {
    std::shared_ptr<table> counts;
    response operator()(const request& asked) const
    {
        counts->begin(asked);
        ::poll(nullptr, 0, static_cast<int>(work_of(asked).count()));
        response answer = whole(asked);
        ++counts->ended;
        return answer;
    }
};

struct slow {
    std::shared_ptr<table> counts;
    task<response> operator()(request& asked) const
    {
        counts->begin(asked);
        const milliseconds pause = work_of(asked);
        co_await sleep_for(pause);
        response answer = whole(asked);
        ++counts->ended;
        co_return answer;
    }
};

/// Begins a run, and looks at the body of what was sent; the answer, if that is wrong.
std::optional<response> complaint(table& counts, const request& asked)
{
    const std::uint64_t number = number_of(asked);
    counts.begin(asked);
    if (asked.method() == http::method::post)
        counts.begin_post(number);
    if (is_witness_body(number_of_request_body(number), 0, asked.body()))
        return std::nullopt;
    ++counts.wrong;
    return http::text("The body is not as it was sent.", 422);
}

struct with_body {
    std::shared_ptr<table> counts;
    response operator()(const request& asked) const
    {
        if (auto wrong = complaint(*counts, asked))
            return *std::move(wrong);
        response answer = whole(asked);
        ++counts->ended;
        return answer;
    }
};

struct slow_with_body {
    std::shared_ptr<table> counts;
    task<response> operator()(request& asked) const
    {
        if (auto wrong = complaint(*counts, asked))
            co_return *std::move(wrong);
        const milliseconds pause = work_of(asked);
        co_await sleep_for(pause);
        response answer = whole(asked);
        ++counts->ended;
        co_return answer;
    }
};

struct pieces {
    std::string body;
    awaitable<> operator()(http::body_writer& out) const
    {
        for (std::size_t at = 0; at < body.size(); at += piece_bytes) {
            const std::string_view piece = std::string_view{body}.substr(at, piece_bytes);
            const auto written = co_await out.write(piece);
            if (!written)
                co_return;
        }
    }
};

struct streamed {
    std::shared_ptr<table> counts;
    response operator()(const request& asked) const
    {
        counts->begin(asked);
        std::string body = witness_body(number_of(asked), bytes_of(asked));
        ++counts->ended;
        return labelled(http::stream("application/octet-stream", pieces{std::move(body)}), asked);
    }
};

boost::json::object to_json(const witness_counts& of)
{
    return {{"first_runs", of.first_runs},
            {"later_runs", of.later_runs},
            {"ended", of.ended},
            {"repeated", of.repeated},
            {"wrong", of.wrong}};
}

}  // namespace

witness_api::witness_api()
{
    void* const memory = ::mmap(nullptr, sizeof(table), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        throw std::bad_alloc{};
    // Fresh memory is all zeros, which is what a new table is; nothing needs to be touched.
    table_ = {static_cast<table*>(memory), [](table* of) { ::munmap(of, sizeof(table)); }};
}

void witness_api::add_to(http::routes& api) const
{
    const witness_api self = *this;
    api.get("/witness/{number}", at_once{table_});
    api.get("/witness/slow/{number}", slow{table_});
    api.get("/witness/busy/{number}", busy{table_}, {.cpu_bound = true});
    api.get("/witness/stream/{number}", streamed{table_});
    api.put("/witness/{number}", with_body{table_});
    api.put("/witness/slow/{number}", slow_with_body{table_});
    api.post("/witness/{number}", with_body{table_}, {.replayable = false});
    api.post("/witness/slow/{number}", slow_with_body{table_}, {.replayable = false});
    api.get("/witness/counts",
            [self](const request&) { return http::json(to_json(self.counts())); });
    api.put("/witness/counts", [self](const request&) {
        self.begin();
        return http::no_content();
    });
}

witness_counts witness_api::counts() const noexcept
{
    return {.first_runs = table_->first_runs,
            .later_runs = table_->later_runs,
            .ended = table_->ended,
            .repeated = table_->repeated,
            .wrong = table_->wrong};
}

void witness_api::begin() const noexcept
{
    for (auto* const count : {&table_->first_runs, &table_->later_runs, &table_->ended,
                              &table_->repeated, &table_->wrong})
        count->store(0);
    for (auto& word : table_->posts) {
        if (word.load() != 0)
            word.store(0);
    }
}

namespace {

/// One request on a connection of its own; the body of its answer.
result<std::string> ask_once(const net::endpoint& server, std::string_view verb)
{
    COHORT_TRY(const net::socket_address address, net::to_socket_address(server));
    const unique_fd socket{::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket.valid() || ::connect(socket.borrow(), address.get(), address.length) == -1)
        return failed("connect", server.text());
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket.borrow(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);

    const std::string asked = fmt::format("{} /witness/counts HTTP/1.1\r\nHost: witness\r\n"
                                          "Content-Length: 0\r\nConnection: close\r\n\r\n",
                                          verb);
    if (::send(socket.borrow(), asked.data(), asked.size(), MSG_NOSIGNAL) == -1)
        return failed("ask for the counts of", server.text());
    std::string answer;
    std::array<char, 4096> buffer{};
    for (;;) {
        const auto got = ::recv(socket.borrow(), buffer.data(), buffer.size(), 0);
        if (got == -1)
            return failed("ask for the counts of", server.text());
        if (got == 0)
            break;
        answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
    const std::size_t head = answer.find("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 20") || head == std::string::npos)
        return failed(errc::answer_failed, "ask for the counts of", server.text());
    return answer.substr(head + 4);
}

/// A worker may be killed even now.
result<std::string> ask(const net::endpoint& server, std::string_view verb)
{
    auto answer = ask_once(server, verb);
    for (int tries = 0; !answer && tries < 5; ++tries) {
        ::poll(nullptr, 0, 100);
        answer = ask_once(server, verb);
    }
    return answer;
}

}  // namespace

result<> begin_witness_counts(const net::endpoint& server)
{
    COHORT_TRY(const std::string answer, ask(server, "PUT"));
    return {};
}

result<witness_counts> ask_witness_counts(const net::endpoint& server)
{
    COHORT_TRY(const std::string text, ask(server, "GET"));
    boost::system::error_code problem;
    const boost::json::value parsed = boost::json::parse(text, problem);
    const boost::json::object* const of = problem ? nullptr : parsed.if_object();
    if (of == nullptr)
        return failed(errc::malformed, "read the counts of", server.text());
    witness_counts counts;
    const auto read = [of](std::string_view name, std::uint64_t& into) {
        const boost::json::value* const found = of->if_contains(name);
        if (found != nullptr && found->is_int64())
            into = static_cast<std::uint64_t>(found->as_int64());
        return found != nullptr && found->is_int64();
    };
    if (!read("first_runs", counts.first_runs) || !read("later_runs", counts.later_runs) ||
        !read("ended", counts.ended) || !read("repeated", counts.repeated) ||
        !read("wrong", counts.wrong))
        return failed(errc::malformed, "read the counts of", server.text());
    return counts;
}

}  // namespace cohort::testing
