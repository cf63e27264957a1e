#pragma once
// For tests: a loop with a server on it that gives HTTP/2 clients to a service, and such clients.

#include <cohort/http/detail/house_test.hpp>
#include <cohort/http/h2/frames_test.hpp>
#include <cohort/http/h2/service.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::http::h2::detail {

using http::detail::client;
using http::detail::house;

/// A client that speaks frames.
struct speaker {
    explicit speaker(client to)
        : end{std::move(to)}
    {}
    void say(std::string_view bytes) { end.say(bytes); }
    void listen()
    {
        end.listen();
        ears->hear(std::exchange(end.heard, {}));
    }
    [[nodiscard]] ear::answer_heard& answer(std::uint32_t stream) { return ears->answers[stream]; }

    client end;
    std::unique_ptr<ear> ears = std::make_unique<ear>();
};

struct h2_house : house {
    explicit h2_house(h2::options with = {}, server_options terms = {})
        : house{std::move(terms)}, own{with}
    {
        options.on_http2 = [this](taken_connection c) noexcept { two->take(std::move(c)); };
    }
    ~h2_house()
    {
        if (serving)
            stop();
        loop.restart();
        loop.poll();
        lanes::of(loop).stop();
        loop.poll();
        two.reset();
    }
    void open_both()
    {
        open();
        two = std::make_unique<service>(loop, own);
    }
    speaker meet(std::string_view first = {}, int buffer_bytes = 0)
    {
        if (!serving)
            open_both();
        speaker made{connect(buffer_bytes)};
        made.say(std::string{preface} + std::string{first});
        return made;
    }
    /// Runs the loop until what `who` heard makes `come` true.
    void hear(speaker& who, const std::function<bool()>& come)
    {
        until([&] {
            who.listen();
            return come();
        });
    }
    void hear_answer(speaker& who, std::uint32_t stream)
    {
        hear(who, [&] { return who.answer(stream).ended || who.ears->find(t_rst, stream); });
    }
    void hear_end(speaker& who)
    {
        hear(who, [&] { return who.end.closed; });
    }
    void tick(std::chrono::seconds by)
    {
        http::detail::clock_now += by;
        two->tick();
    }

    h2::options own;
    std::unique_ptr<service> two;
};

}  // namespace cohort::http::h2::detail
