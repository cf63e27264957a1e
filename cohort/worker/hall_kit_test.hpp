#pragma once
// For the tests of this room: a hall, with a primary that the test plays itself.

#include <cohort/async/scope.hpp>
#include <cohort/ipc/two_ends_test.hpp>
#include <cohort/net/inbox.hpp>
#include <cohort/worker/hall.hpp>
#include <cohort/worker/link.hpp>

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::work::testing {

struct deaf_guide final : work::link::guide {
    void welcomed(ipc::welcome, std::vector<unique_fd>) noexcept override {}
    void met(const ipc::neighbours&, std::vector<unique_fd>) noexcept override {}
    void told_to_drain(const ipc::drain_order&) noexcept override {}
    void lost_primary(std::string_view) noexcept override { lost = true; }
    void escaped(std::string_view) noexcept override {}

    bool lost = false;
};

/// A hall, and the primary's end of its channel.
struct hall_scene {
    hall_scene()
    {
        REQUIRE(poller.start());
        std::vector<unique_fd> cargo;
        cargo.push_back(duplicate(board.fd()).value());
        cargo.push_back(std::move(inbox.take));
        ipc::welcome terms;
        terms.balance = "balanced";
        REQUIRE(doors.open(terms, std::move(cargo)));
        talk.start();
        primary.start(heard.take(), heard.closed());
    }
    ~hall_scene()
    {
        poller.stop();
        primary.close();
        talk.close();
        tasks.stop();
        ipc::testing::run_until(loop, [&] { return tasks.size() == 0; });
    }
    hall_scene(const hall_scene&) = delete;
    hall_scene& operator=(const hall_scene&) = delete;

    static std::array<unique_fd, 2> pair()
    {
        auto ends = ipc::channel::make_pair().value();
        return {std::move(ends.first), std::move(ends.second)};
    }
    awaitable<> run(std::string where, result<std::shared_ptr<door>>& into, bool& done)
    {
        const net::listen_options usual;
        into = co_await doors.listen(std::move(where), usual);
        done = true;
    }
    /// Requests to listen, in the order in which they came.
    std::vector<ipc::envelope*> asked()
    {
        std::vector<ipc::envelope*> found;
        for (ipc::envelope& each : heard.came) {
            if (each.kind == static_cast<std::uint16_t>(ipc::kind::listen))
                found.push_back(&each);
        }
        return found;
    }
    void wait_for_requests(std::size_t count)
    {
        ipc::testing::run_until(loop, [&] { return asked().size() == count; });
    }
    void answer(const ipc::envelope& request, std::string body)
    {
        auto reply = ipc::answer_to(request);
        reply.body = std::move(body);
        REQUIRE(primary.try_send(reply));
    }

    board::segment board = board::segment::create(4).value();
    boost::asio::io_context loop{1};
    net::poller poller{loop};
    scope tasks{loop.get_executor()};
    wakeup changed{loop.get_executor()};
    deaf_guide guide;
    net::inbox_pair inbox = net::make_inbox().value();
    std::array<unique_fd, 2> ends = pair();
    ipc::testing::recorder heard;
    ipc::channel primary = ipc::testing::open_end(loop, std::move(ends[0]));
    work::link talk{loop.get_executor(), ipc::testing::open_end(loop, std::move(ends[1])), tasks,
                    guide};
    hall doors{loop.get_executor(), poller, talk, changed};
};

inline std::string good_answer(std::uint32_t endpoint, std::string where)
{
    ipc::listen_answer words;
    words.endpoint = endpoint;
    words.where = std::move(where);
    return ipc::encode(words);
}

}  // namespace cohort::work::testing
