#pragma once
// The test's end of programs/regent.cpp.

#include "api_server.hpp"
#include "family.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <fstream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace cohort::testing {

/// How to start programs/regent.cpp. A value.
struct kept_plan {
    unsigned workers = 2;
    std::string balance = "balanced";
    unsigned listening = 0;  ///< so many workers must listen at the start; 0: all
    bool wait_for_start = true;
    std::string file = {};  ///< more of cohort.toml
};

/// What a primary says of its workers. A value.
struct description {
    pid_t primary = 0;
    std::int64_t recovered = 0;
    std::set<std::tuple<std::int64_t, std::int64_t, pid_t>> workers;  ///< slot, id, pid
    bool all_connected = true;

    [[nodiscard]] bool has_pid(pid_t pid) const
    {
        for (const auto& [slot, id, each] : workers) {
            if (each == pid)
                return true;
        }
        return false;
    }
};

/// programs/regent.cpp, running. A resource.
class kept_server {
public:
    explicit kept_server(const kept_plan& plan)
        : wanted_{plan.listening != 0 ? plan.listening : plan.workers}, program_{prepare(plan)}
    {
        if (plan.wait_for_start)
            find_port();
    }

    /// Order: once; the constructor does it unless it was told not to.
    void find_port()
    {
        const auto lines = program_.wait_for_all("listening on port", wanted_);
        port_ = net::endpoint::parse(lines.front().at("endpoint").as_string()).value().port();
    }

    [[nodiscard]] running_program& program() noexcept { return program_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] pid_t root() const noexcept { return program_.pid(); }
    [[nodiscard]] std::vector<pid_t> workers() const { return workers_below(root()); }

    /// Over a connection of its own.
    [[nodiscard]] description described() const
    {
        client over{port_};
        const auto said = boost::json::parse(over.body_of("/workers")).as_object();
        description seen;
        if (!said.contains("primary")) {
            seen.all_connected = false;  // a problem: no primary answered in time
            return seen;
        }
        seen.primary = static_cast<pid_t>(said.at("primary").as_int64());
        seen.recovered = said.at("recovered").as_int64();
        for (const auto& each : said.at("workers").as_array()) {
            const auto& one = each.as_object();
            seen.workers.emplace(one.at("slot").as_int64(), one.at("id").as_int64(),
                                 static_cast<pid_t>(one.at("pid").as_int64()));
            seen.all_connected = seen.all_connected && one.at("connected").as_bool();
        }
        return seen;
    }

private:
    launch prepare(const kept_plan& plan) const
    {
        const auto path = folder_.path() / "cohort.toml";
        std::ofstream{path} << fmt::format("[app.regent]\nlisten = [\"127.0.0.1:0\"]\n"
                                           "workers = {}\nbalance = \"{}\"\n{}\n",
                                           plan.workers, plan.balance, plan.file);
        launch how;
        how.exec = PROCESS_PROGRAMS "regent";
        how.args = {"--config", path.string(), "--name", "regent"};
        return how;
    }

    temporary_folder folder_;
    unsigned wanted_;
    running_program program_;
    std::uint16_t port_ = 0;
};

}  // namespace cohort::testing
