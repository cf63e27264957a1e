#pragma once
// An application that exists in several editions, and is reloaded from one to the next.

#include <cohort/base/clock.hpp>
#include <cohort/control/client.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/net/endpoint.hpp>
#include <cohort/testing/harness.hpp>
#include <cohort/testing/witness.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace cohort::test {

/// The file of programs/edition, as it was built.
[[nodiscard]] std::string edition_program();

/// programs/edition, running from a file of its own that the test replaces. A resource.
class edition_server {
public:
    struct plan {
        unsigned workers = 2;
        std::string range = {};  ///< "2..4", instead of that many; at least so many are waited for
        std::string file = {};   ///< more of cohort.toml, behind [app.edition]
        std::string edition = "1 fine";
        /// A command that starts it, with the words before its own: {"/usr/bin/prlimit", "-n64"}.
        std::vector<std::string> under = {};
    };
    explicit edition_server(const plan& what);
    ~edition_server();
    edition_server(const edition_server&) = delete;
    edition_server& operator=(const edition_server&) = delete;

    /// What lies on disk from now on: "2 fine", "3 fails". As a deployment does it: another file
    /// takes the name.
    void deploy(std::string_view words);
    /// The configuration on disk from now on.
    void configure(const plan& what) const;

    /// SIGHUP, and the line of the log that says how it went.
    [[nodiscard]] std::string reload();

    /// Asks at the admin socket, as the command does, and waits for the answer. Throws failure.
    [[nodiscard]] control::answer ask(const std::string& verb,
                                      boost::json::object arguments = {}) const;
    [[nodiscard]] control::answer ask(const control::request& what,
                                      control::client::hear_progress tell) const;

    /// Numbers that so many fresh connections are answered with, each once, ascending.
    [[nodiscard]] std::vector<std::string> editions() const;

    [[nodiscard]] net::endpoint where() const { return where_; }
    [[nodiscard]] testing::running_program& program() noexcept { return program_; }
    [[nodiscard]] std::vector<pid_t> processes(std::string_view title) const;
    /// Where what runs was started from.
    [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "edition"; }
    [[nodiscard]] pid_t root() const noexcept { return program_.pid(); }

    /// Files it may leave behind would be here.
    [[nodiscard]] std::filesystem::path temporary_files() const { return folder_.path() / "tmp"; }

    /// The mixed load of a witness, without the server's own counts: generations count apart.
    [[nodiscard]] testing::witness_plan load(nanoseconds lasting, std::uint64_t seed) const;
    /// GETs and POSTs of /alike, which all editions answer with the same words.
    [[nodiscard]] testing::witness_plan plain_load(nanoseconds lasting, std::uint64_t seed) const;

private:
    [[nodiscard]] testing::launch prepare(const plan& what);

    testing::temporary_folder folder_;
    testing::running_program program_;
    net::endpoint where_;
};

/// Lets the load run for as long as `deed` takes, and says what became of each request. What the
/// deed throws, it throws.
[[nodiscard]] testing::witness_report under_load(const testing::witness_plan& load,
                                                 const std::function<void()>& deed);

}  // namespace cohort::test
