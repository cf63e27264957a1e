#pragma once
// A storm: a whole cohort under the witness's load, and somebody who kills its processes.

#include <cohort/base/clock.hpp>
#include <cohort/base/random.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/testing/harness.hpp>
#include <cohort/testing/witness.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace cohort::test {

/// How long and from which seed. Environment: COHORT_STORM_SEED, COHORT_STORM_SECONDS (of each
/// storm), COHORT_STORM_DEATHS (in a row). Printed, so that what failed can be repeated.
struct storm_terms {
    std::uint64_t seed;
    nanoseconds lasting;
    unsigned deaths;

    /// With these seconds and deaths unless the environment knows better.
    [[nodiscard]] static storm_terms read(double seconds_by_default, unsigned deaths_by_default);
};

/// How often something is done in a row: what the environment says, or that.
[[nodiscard]] unsigned how_often(const char* variable, unsigned by_default);

/// A process of a cohort, by its title.
enum class part : std::uint8_t { primary, keeper, worker, standby };

/// This process and all below it, in the order of their pids. None, if it is gone.
[[nodiscard]] std::vector<pid_t> family_of(pid_t root);

/// How to start one. A value.
struct storm_plan {
    unsigned workers = 2;
    std::string file = {};  ///< more of cohort.toml, after [app.storm]
    std::vector<std::string> env = {};
};

/// programs/storm_server, running. A resource: whatever happens, none of its processes is left.
class storm_server {
public:
    /// Throws failure if it does not get ready, with all standbys there.
    explicit storm_server(const storm_plan& plan = {});
    ~storm_server();
    storm_server(const storm_server&) = delete;
    storm_server& operator=(const storm_server&) = delete;

    [[nodiscard]] net::endpoint where() const { return where_; }
    [[nodiscard]] std::uint16_t port() const { return where_.port(); }
    [[nodiscard]] testing::running_program& program() noexcept { return program_; }
    [[nodiscard]] pid_t root() const noexcept { return program_.pid(); }

    /// Who is there now, in the order of their pids.
    [[nodiscard]] std::vector<pid_t> all() const;
    [[nodiscard]] std::vector<pid_t> all(part which) const;

    /// Every slot has its worker, and each its standby.
    [[nodiscard]] bool is_complete() const;

    /// Sends it to one of them, if there is one.
    bool strike(part whom, int number, std::uint64_t dice) const;

    /// How many lines of the log contain this.
    [[nodiscard]] std::size_t said(std::string_view part_of_line);

    /// In peace. Returns what is left of it afterwards (and ends that).
    [[nodiscard]] std::vector<std::string> stop();

    /// Where core dumps go, where the kernel's pattern says no other place.
    [[nodiscard]] std::filesystem::path working_directory() const { return folder_.path(); }

    /// Files it may leave behind would be here.
    [[nodiscard]] std::filesystem::path temporary_files() const { return folder_.path() / "tmp"; }

private:
    testing::launch prepare(const storm_plan& plan) const;

    testing::temporary_folder folder_;
    unsigned workers_;
    testing::running_program program_;
    net::endpoint where_;
};

/// The usual load: 64 keep-alive connections, everything mixed, answers checked.
[[nodiscard]] testing::witness_plan load(const storm_server& on, const storm_terms& terms);

/// Lets the load run while `deed` happens every `pause`, the first time after half a second.
/// Returns how often it happened.
unsigned storm(testing::witness& load, nanoseconds pause, storm_server& over,
               const std::function<bool(std::uint64_t dice)>& deed, std::uint64_t seed);

/// What the processes hold together.
struct holdings {
    std::size_t processes = 0;
    std::size_t descriptors = 0;  ///< A table that several share counts for each.
    std::size_t files = 0;        ///< temporary ones
    std::uint64_t bytes = 0;      ///< proportional set sizes
    std::uint64_t primary_bytes = 0;

    /// As many processes, descriptors and files at most, and no more memory than what one load
    /// happens to touch more than another. Says on standard output what was compared.
    [[nodiscard]] bool no_more_than(const holdings& before) const;
    [[nodiscard]] bool same_count(const holdings& other) const noexcept
    {
        return processes == other.processes && descriptors == other.descriptors &&
               files == other.files;
    }
};
/// Of this process and all below it.
[[nodiscard]] holdings count(pid_t root, const std::filesystem::path& temporary);
[[nodiscard]] holdings count(const storm_server& of);
/// The same once the numbers have not moved for half a second: nobody announces that all is done.
[[nodiscard]] holdings count_settled(pid_t root, const std::filesystem::path& temporary);

}  // namespace cohort::test
