#pragma once
// For tests: cases of the kind that h2spec has, each on a connection of its own.

#include <cohort/http/h2/detail/house_test.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::http::h2::detail {

/// RFC 9113 section 7.
enum code : int {
    protocol = 1,
    flow_control = 3,
    stream_closed = 5,
    frame_size = 6,
    refused = 7,
    compression = 9
};

/// What must come of a case.
struct outcome {
    enum class kind { answered, ended, reset, alive, last_data };
    kind what;
    std::vector<int> codes = {};
    std::uint32_t stream = 1;
};

inline outcome answered(std::uint32_t stream = 1, int status = 200)
{
    return {outcome::kind::answered, {status}, stream};
}
/// GOAWAY with one of these, and the connection closed.
inline outcome ended(std::vector<int> codes) { return {outcome::kind::ended, std::move(codes)}; }
/// RST_STREAM with one of these; an error of the connection is allowed, too (RFC 9113, 5.4.2).
inline outcome reset(std::uint32_t stream, std::vector<int> codes)
{
    return {outcome::kind::reset, std::move(codes), stream};
}
/// The connection goes on as if nothing had been.
inline outcome alive() { return {outcome::kind::alive}; }
/// So many bytes come in the last DATA frame, and no more.
inline outcome last_data(int bytes) { return {outcome::kind::last_data, {bytes}}; }

struct catalogue_case {
    std::string_view section;
    std::string_view name;
    std::vector<std::string> steps;  // between them the server gets time
    outcome want;
};

/// The indexed fields of "GET / http", then the literal field :authority.
inline const std::string get_block = std::string("\x82\x86\x84\x01\x04", 5) + "test";
inline std::string raw_head(std::uint32_t stream, std::string_view block,
                            int flags = f_end | f_end_head)
{
    return frame(t_headers, flags, stream, block);
}

class catalogue {
public:
    catalogue()
    {
        house_.api.get("/", [](const request&) { return text("Hello, world"); });
        house_.api.post("/", [](const request& r) { return text(std::string{r.body()}); });
    }

    void run(const std::vector<catalogue_case>& all)
    {
        for (const catalogue_case& each : all) {
            const bool passed = run(each);
            CHECK_MESSAGE(passed, each.section, ": ", each.name, ": ", said_);
        }
    }

private:
    bool run(const catalogue_case& each)
    {
        speaker c = house_.meet(settings());
        bool first = true;
        for (const std::string& step : each.steps) {
            if (!std::exchange(first, false))
                settle(c);
            send(c, step);
        }
        return judge(c, each.want);
    }
    /// The server may have hung up already.
    static void send(speaker& c, std::string_view bytes)
    {
        static_cast<void>(::send(c.end.socket.borrow(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }
    bool until(speaker& c, const std::function<bool()>& come)
    {
        const auto patience = now() + std::chrono::seconds{2};
        for (;;) {
            c.listen();
            if (come())
                return true;
            if (now() > patience)
                return false;
            house_.loop.run_one_for(std::chrono::milliseconds{5});
            house_.loop.poll();
        }
    }
    void settle(speaker& c)
    {
        const std::size_t before = c.ears->count(t_ping);
        send(c, ping(0, "settling"));
        static_cast<void>(until(c, [&] { return c.ears->count(t_ping) != before || over(c); }));
    }
    static bool over(const speaker& c)
    {
        return c.end.closed || c.end.reset || c.ears->last_goaway() != nullptr;
    }
    static bool among(const std::vector<int>& codes, int code)
    {
        return std::ranges::find(codes, code) != codes.end();
    }
    bool judge(speaker& c, const outcome& want)
    {
        const bool in_time = see(c, want);
        said_ = "GOAWAY " + std::to_string(c.ears->goaway_code()) + ", RST_STREAM " +
                std::to_string(c.ears->rst_code(want.stream)) + ", status " +
                std::to_string(c.answer(want.stream).status()) +
                (c.end.closed ? ", closed" : ", open");
        return in_time;
    }
    bool see(speaker& c, const outcome& want)
    {
        using kind = outcome::kind;
        switch (want.what) {
            case kind::answered:
                return until(c, [&] { return c.answer(want.stream).ended || over(c); }) &&
                       among(want.codes, c.answer(want.stream).status());
            case kind::ended:
                return until(c, [&] { return c.end.closed || c.end.reset; }) &&
                       among(want.codes, c.ears->goaway_code());
            case kind::reset:
                return until(c,
                             [&] {
                                 return c.ears->find(t_rst, want.stream) != nullptr || over(c);
                             }) &&
                       (among(want.codes, c.ears->rst_code(want.stream)) ||
                        among(want.codes, c.ears->goaway_code()));
            case kind::alive:
                settle(c);
                return !over(c);
            case kind::last_data:
                break;
        }
        settle(c);
        const heard_frame* last = nullptr;
        for (const heard_frame& f : c.ears->frames)
            last = f.type == t_data ? &f : last;
        const auto size = last == nullptr ? -1 : static_cast<int>(last->payload.size());
        return !over(c) && among(want.codes, size);
    }

    h2_house house_;
    std::string said_;
};

}  // namespace cohort::http::h2::detail
