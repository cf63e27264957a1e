#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/dashboard/inquiry.hpp>
#include <cohort/http/request.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/router.hpp>
#include <cohort/observe/log_filter.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace cohort::dashboard {

/// What lies in files, for who may look: the log, and reports of crashes. The primary knows which
/// files these are, and opens them; nobody names one. A resource.
///
///     GET  /logs  /workers/{slot}/logs  /why/{slot}/{worker}
class papers {
public:
    explicit papers(const inquiry& primary)
        : primary_{primary}
    {}

    /// Lifetime: this outlives the routes.
    void add_to(http::routes& to);

private:
    [[nodiscard]] awaitable<http::response> logs(const http::request& of,
                                                 std::optional<std::uint32_t> slot) const;
    [[nodiscard]] awaitable<http::response> report(std::uint32_t slot, std::uint32_t worker) const;
    [[nodiscard]] awaitable<control::answer>
    read(std::filesystem::path file, observe::log_filter wanted, std::size_t lines) const;

    const inquiry& primary_;
};

}  // namespace cohort::dashboard
