#pragma once
// What a program that need not know us gets at its birth: sockets, addresses and names, in the
// words that systemd has made common.

#include <cohort/base/clock.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/primary/program_file.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::primary {

struct stranger;

/// The first number under which a program finds what it inherits: SD_LISTEN_FDS_START.
inline constexpr int first_inherited = 3;

/// A value, but for the stranger; the descriptors stay the caller's.
struct offer {
    bool channel = true;             ///< it can speak our own protocol
    std::vector<int> sockets;        ///< from first_inherited on, in this order
    std::vector<std::string> names;  ///< of these
    std::optional<std::uint16_t> port;
    std::string notify_address;  ///< empty: nobody listens there
    milliseconds heartbeat{0};   ///< 0: its silence is no matter
    std::uint32_t generation = 1;
    std::shared_ptr<stranger> to;  ///< nobody: the program speaks our protocol, and nothing else

    /// The number of the channel.
    [[nodiscard]] int channel_number() const noexcept
    {
        return first_inherited + static_cast<int>(sockets.size());
    }
};

/// What a program of these settings, and of this build, is spoken to in.
[[nodiscard]] config::protocol spoken_by(const config::settings& settings, build made) noexcept;

/// "127.0.0.1-8080" for "127.0.0.1:8080": a name for LISTEN_FDNAMES, at most 255 bytes.
[[nodiscard]] std::string name_for(std::string_view endpoint);

/// The port of the first TCP endpoint. Nothing: there is none.
[[nodiscard]] std::optional<std::uint16_t> first_port(const std::vector<std::string>& listen);

/// Variables of that offer, over those in `all`: but a PORT that is there stays.
void describe(const offer& what, std::map<std::string, std::string>& all);

/// Variables that are between us and whoever started us, and no worker's business.
[[nodiscard]] const std::vector<std::string_view>& own_variables() noexcept;

/// Those of them whose value is the program's pid.
[[nodiscard]] std::vector<std::string> pid_variables_of(const offer& what);

}  // namespace cohort::primary
