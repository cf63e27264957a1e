#pragma once
// Everything that can be set about a cohort. Who overrides whom, from weak to strong:
//
//     what is written here < the program's own code < the file < the environment < command line
//
// so that an operator can always overrule a developer.

#include <cohort/base/error.hpp>
#include <cohort/config/parts.hpp>
#include <cohort/config/problem.hpp>
#include <cohort/config/values.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::config {

/// Who gets a new connection.
enum class policy : std::uint8_t { balanced, round_robin, least_connections, reuseport, sticky };

/// "balanced", "round_robin", … Errors: errc::bad_value.
[[nodiscard]] result<policy> parse_policy(std::string_view text);
[[nodiscard]] std::string_view name_of(policy which) noexcept;

/// "on", "off"; also true and false, 1 and 0. Errors: errc::bad_value.
[[nodiscard]] result<bool> parse_switch(std::string_view text);

/// ThreadSanitizer does not know processes that share a descriptor table.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool keepers_default = false;
#else
inline constexpr bool keepers_default = true;
#endif

/// What a worker understands besides its own trade: how it gets its sockets and says that it is
/// ready. automatic: what we fork speaks `cohort`, another program is told `sockets` and may answer
/// in `cohort`.
enum class protocol : std::uint8_t { automatic, cohort, node, sockets, none };

/// "auto", "cohort", "node", "sockets" (LISTEN_FDS, NOTIFY_SOCKET), "none". Errors:
/// errc::bad_value.
[[nodiscard]] result<protocol> parse_protocol(std::string_view text);
[[nodiscard]] std::string_view name_of(protocol which) noexcept;

/// One app: [app.NAME]. A value; problems() says whether it is usable.
struct settings {
    std::string name = "app";       ///< 1 to 64 of letters, digits, '_', '-', '.'
    std::string exec;               ///< another program; empty: workers are forked from this one
    std::vector<std::string> args;  ///< of that program
    std::string cwd;                ///< of workers; empty: ours
    std::map<std::string, std::string> env;  ///< added to ours, for workers
    std::map<std::string, secret> secrets;   ///< of `env`, those whose values lie elsewhere
    stream_target in{stream_target::kind::null, {}};  ///< of that program: `stdin`
    stream_target out;                                ///< `stdout`
    stream_target err;                                ///< `stderr`
    std::string user;   ///< name or number of whom workers become; empty: nobody else
    std::string group;  ///< name or number; empty: the user's own

    std::vector<std::string>
        listen;              ///< "8080", "host:port", "tls://host:port", "unix:/path", "fd:3"
    unsigned backlog = 511;  ///< of listening sockets. Range: 1 to 65,535.
    worker_count workers;
    policy balance = policy::balanced;
    protocol speaks = protocol::automatic;
    unsigned lanes = 4;  ///< compute threads of a worker. Range: 1 to 64.

    /// Connections outlive their workers. Only for workers that are forked, and replaced by us.
    bool keepers = keepers_default;
    /// A successor waits beside every worker: it takes over sooner, and costs its page tables.
    bool standby = true;

    config::ready ready;
    config::health health;
    config::crash crash;
    config::restart restart;
    config::stop stop;
    config::reload reload;
    config::recycle recycle;
    config::scaling scaling;
    config::limit limit;
    config::tls tls;
    config::sandbox sandbox;
    config::log log;
    config::admin admin;

    friend bool operator==(const settings&, const settings&) = default;
};

/// All complaints about `s`, in the order of its fields; none means it is usable. Does not look
/// at the world: whether a file or a user exists is found out by who needs it.
[[nodiscard]] std::vector<problem> problems(const settings& s);

}  // namespace cohort::config
