#pragma once
// Who listens: what the kernel's tables say of the sockets of a program and its children.

#include <cohort/base/error.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::process {

/// The inodes of the sockets that listen, in the text of /proc/net/tcp or tcp6; with a port: there.
/// Lines that make no sense are passed over. Source: proc(5).
[[nodiscard]] std::vector<std::uint64_t> listening_tcp(std::string_view table,
                                                       std::optional<std::uint16_t> port);

/// The same in /proc/net/unix, for streams that listen at `path` ("@name": abstract).
[[nodiscard]] std::vector<std::uint64_t> listening_unix(std::string_view table,
                                                        std::string_view path);

/// Where somebody may listen. A value.
struct listening_place {
    std::optional<std::uint16_t> port;  ///< of TCP; nothing: any, if there is no path either
    std::string unix_path;              ///< not empty: a Unix socket
};

/// Does the process, or a child of it, or one of theirs, listen there? Blocks for some reads of
/// /proc; processes that end meanwhile, or that we may not look into, do not count.
[[nodiscard]] bool family_listens(pid_t eldest, const listening_place& where);

/// A TCP port at which one of them listens, other than `known` ones. Blocks likewise.
[[nodiscard]] std::optional<std::uint16_t>
family_listens_elsewhere(pid_t eldest, std::span<const std::uint16_t> known);

/// A TCP connection of this machine, as the side that accepts sees it. A value.
struct tcp_ports {
    std::uint16_t here = 0;
    std::uint16_t there = 0;
};

/// The inode of its accepted end, in the text of /proc/net/tcp or tcp6; 0: it waits in an accept
/// queue. Nothing: there is no such connection.
[[nodiscard]] std::optional<std::uint64_t> connected_tcp(std::string_view table, tcp_ports which);

/// Who has it.
enum class accepted_by : std::uint8_t { nobody, family, others };

/// Has the process accepted it, or a child of it, or one of theirs? Blocks as family_listens().
[[nodiscard]] accepted_by who_accepted(pid_t eldest, tcp_ports which);

}  // namespace cohort::process
