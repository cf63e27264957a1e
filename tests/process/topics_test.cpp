// Messages that cross workers, and what they survive: programs/regent.cpp, really killed.

#include "family.hpp"
#include "kept_server.hpp"
#include "operator_of.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace cohort;
using namespace cohort::testing;

namespace {

pid_t pid_behind(client& over)
{
    const auto said = boost::json::parse(over.body_of("/who")).as_object();
    return static_cast<pid_t>(said.at("pid").as_int64());
}

/// A connection to a worker other than that one.
client dial_another(const kept_server& app, pid_t than)
{
    std::optional<client> found;
    const bool there = eventually([&] {
        try {
            client over{app.port()};
            if (pid_behind(over) == than)
                return false;
            found.emplace(std::move(over));
            return true;
        } catch (const failure&) {
            return false;  // a worker that was just killed
        }
    });
    if (!there)
        throw failure{fault(errc::deadline_passed, "find another worker")};
    return std::move(*found);
}

/// Somebody who hears a topic, and comes back when it is cut off.
class ear {
public:
    explicit ear(const kept_server& app, std::string topic)
        : app_{app}, topic_{std::move(topic)}
    {
        come_back();
    }

    void come_back()
    {
        const bool there = eventually([this] {
            try {
                over_.emplace(app_.port());
                worker_ = pid_behind(*over_);
                over_->send("GET /events/" + topic_ + " HTTP/1.1\r\nHost: test\r\n" +
                            (last_.empty() ? "" : "Last-Event-ID: " + last_ + "\r\n") + "\r\n");
                const std::string head = over_->receive_until("retry: ");
                return head.starts_with("HTTP/1.1 200");
            } catch (const failure&) {
                return false;
            }
        });
        if (!there)
            throw failure{fault(errc::deadline_passed, "hear topic", topic_)};
    }

    /// The text of the next event; empty if the connection ends first.
    std::string next()
    {
        const std::string until_text = over_->receive_until("data: ");
        if (!until_text.ends_with("data: ")) {
            rest_ = until_text;
            return {};
        }
        if (const auto at = until_text.rfind("id: "); at != std::string::npos)
            last_ = until_text.substr(at + 4, until_text.find('\n', at) - at - 4);
        std::string text = over_->receive_until("\n\n");
        text.erase(text.find('\n'));
        return text;
    }

    [[nodiscard]] pid_t worker() const noexcept { return worker_; }
    [[nodiscard]] const std::string& rest() const noexcept { return rest_; }

private:
    const kept_server& app_;
    std::string topic_;
    std::string last_;
    std::string rest_;
    std::optional<client> over_;
    pid_t worker_ = 0;
};

/// From a worker other than that one. Returns who published.
pid_t publish_elsewhere(const kept_server& app, pid_t than, const std::string& text)
{
    client over = dial_another(app, than);
    const auto said =
        boost::json::parse(over.body_of("/publish/news/today?text=" + text)).as_object();
    return static_cast<pid_t>(said.at("pid").as_int64());
}

std::uint64_t count(const kept_server& app)
{
    client over{app.port()};
    const auto said = boost::json::parse(over.body_of("/count")).as_object();
    return static_cast<std::uint64_t>(said.at("count").as_int64());
}

}  // namespace

TEST_CASE("a message crosses workers, and topics survive workers, primaries and reloads")
{
    kept_server app{
        {.workers = 3, .balance = "round_robin", .file = "[app.regent.reload]\nsoak = \"0s\"\n"}};
    ear all{app, "news/*"};
    const pid_t other = publish_elsewhere(app, all.worker(), "across");
    CHECK(other != all.worker());
    CHECK(all.next() == "across");
    CHECK(count(app) == 1);

    // Who published dies; those who hear it notice nothing.
    ::kill(other, SIGKILL);
    REQUIRE(eventually([&] { return !is_alive(other); }));
    publish_elsewhere(app, all.worker(), "publisher-died");
    CHECK(all.next() == "publisher-died");

    // Who heard it dies with its worker, and misses nothing that was said meanwhile.
    const pid_t mine = all.worker();
    ::kill(mine, SIGKILL);
    REQUIRE(eventually([&] { return !is_alive(mine); }));
    publish_elsewhere(app, mine, "meanwhile");
    CHECK(all.next().empty());
    all.come_back();
    CHECK(all.worker() != mine);
    CHECK(all.next() == "meanwhile");

    ::kill(primary_below(app.root()), SIGKILL);
    app.program().wait_for("recovered");
    publish_elsewhere(app, all.worker(), "primary-died");
    CHECK(all.next() == "primary-died");
    CHECK(count(app) == 2);

    // A reload tells clients to come back, and where they come nothing is lost.
    operator_of ops{app.program(), "regent"};
    CHECK(ops.ask("reload").code == control::exit_code::done);
    CHECK(all.next().empty());
    CHECK(all.rest().find("retry: ") != std::string::npos);
    publish_elsewhere(app, 0, "reloaded");
    all.come_back();
    CHECK(all.next() == "reloaded");
    CHECK(count(app) == 3);
    publish_elsewhere(app, all.worker(), "afterwards");
    CHECK(all.next() == "afterwards");
}

TEST_CASE("many messages from all workers arrive once, in the order of each, at every worker")
{
    kept_server app{{.workers = 3, .balance = "round_robin"}};
    constexpr int each = 200;
    std::vector<std::unique_ptr<ear>> ears;
    ears.push_back(std::make_unique<ear>(app, "news/today"));
    while (ears.size() < 3) {
        auto one = std::make_unique<ear>(app, "news/today");
        const bool known = std::ranges::any_of(
            ears, [&](const auto& other) { return other->worker() == one->worker(); });
        if (!known)
            ears.push_back(std::move(one));
    }
    std::vector<client> publishers;
    for (const auto& at : ears) {
        for (;;) {
            client over{app.port()};
            if (pid_behind(over) != at->worker())
                continue;
            publishers.push_back(std::move(over));
            break;
        }
    }
    for (int i = 0; i < each; ++i) {
        for (std::size_t who = 0; who < publishers.size(); ++who)
            static_cast<void>(
                publishers[who].body_of(fmt::format("/publish/news/today?text={}:{:04}", who, i)));
    }
    std::vector<std::string> first;
    for (const auto& at : ears) {
        std::vector<std::string> heard;
        for (int i = 0; i < 3 * each; ++i)
            heard.push_back(at->next());
        if (first.empty())
            first = heard;
        CHECK(heard == first);
    }
    std::vector<std::string> last(3);
    for (const std::string& text : first) {
        std::string& before = last.at(static_cast<std::size_t>(text.at(0) - '0'));
        CHECK(before < text);
        before = text;
    }
}

TEST_CASE("workers that die leave no sockets of topics behind")
{
    kept_server app{{.workers = 1}};
    ear all{app, "news/*"};
    const auto begin = descriptors_of(all.worker());
    for (int i = 0; i < 8; ++i) {
        const pid_t mine = all.worker();
        ::kill(mine, SIGKILL);
        REQUIRE(eventually([&] { return !is_alive(mine); }));
        CHECK(all.next().empty());
        all.come_back();
        publish_elsewhere(app, 0, std::to_string(i));
        CHECK(all.next() == std::to_string(i));
    }
    const auto end = descriptors_of(all.worker());
    MESSAGE("descriptors: ", begin, " to ", end);
    CHECK(end < begin + 8);
}
