// Workers that ask and tell each other and their primary as a part of one span, and log what was
// recorded of that, by all of them.
#include <cohort/app.hpp>
#include <cohort/board/message_ring.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/observe/tracer.hpp>

#include <boost/json/value_to.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using cohort::message;
using namespace std::chrono_literals;

namespace {

void log_recorded()
{
    auto& tracer = cohort::observe::tracer::here();
    std::string one;
    for (auto* const each : {&tracer.ring(), &tracer.trouble()}) {
        cohort::board::ring_reader reader{each->find().value().messages(), 0};
        while (reader.look(cohort::now()) == cohort::board::ring_reader::found::message) {
            if (reader.read(one))
                cohort::log::info({{"span", one}}, "recorded");
        }
    }
}

cohort::task<message> answer(std::uint32_t, message asked)
{
    cohort::child_of(asked, "part").end();
    if (asked.json() == "fail")
        throw std::runtime_error{"it broke"};
    co_return message::json("here you are");
}

cohort::task<> play(cohort::worker& self, std::uint32_t other)
{
    auto whole = cohort::observe::tracer::here().begin({.name = "whole"});
    message to_primary = message::json("a").part_of(whole);
    co_await self.request(std::move(to_primary), 60s);
    message to_worker = message::json("b").part_of(whole);
    co_await self.request_of(other, std::move(to_worker), 60s);
    try {
        message to_fail = message::json("fail").part_of(whole);
        co_await self.request_of(other, std::move(to_fail), 60s);
    } catch (const cohort::failure&) {
        cohort::log::debug("as it should");
    }
    message told = message::json("c").part_of(whole);
    co_await self.send_to(other, std::move(told));
    message of_nothing = message::json("d");  // what was told before it has been heard by then
    co_await self.request_of(other, std::move(of_nothing), 60s);
    whole.end();
    log_recorded();
    cohort::log::info("all is said");
}

cohort::task<void> live(cohort::worker& self)
{
    self.on_request(answer);
    self.on_message([&self](std::uint32_t from, message& what) {
        if (from == 0)
            self.spawn(play(self, boost::json::value_to<std::uint32_t>(what.json())));
    });
    co_await self.until_stopping();
}

}  // namespace

int main(int argc, char** argv)
{
    cohort::cluster cluster{cohort::settings::from(argc, argv)};
    std::vector<std::uint32_t> there;
    cluster.on_online([&](const cohort::worker_info& who) {
        there.push_back(who.id);
        if (there.size() != 2)
            return;
        message begin = message::json(there.front());
        if (!cluster.try_send(there.back(), begin))
            cohort::log::error("nobody begins");
    });
    cluster.on_request([](cohort::worker_info, message asked) -> cohort::task<message> {
        cohort::child_of(asked, "part").end();
        co_return message::json("here you are");
    });
    return cluster.run(live);
}
