#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/board/said_levels.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/desk_verbs.hpp>
#include <cohort/primary/supervisor.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cohort::primary {

/// Which lines workers write, by word of an operator: the verb `log-level`. A resource.
///
/// The word is about a slot, so the successor of its worker hears it, too; or about all of them and
/// us. It counts until somebody says "default", which is what the settings say. It stands in shared
/// memory: workers look there as soon as they know their slot and with each beat, so does the next
/// primary.
class log_levels final : public desk_verbs {
public:
    log_levels(supervisor& of, board::said_levels said) noexcept
        : of_{of}, said_{said}
    {}

    /// Has this process heed what was said of all. Until the primary ends.
    [[nodiscard]] awaitable<> run();

    [[nodiscard]] bool answers(std::string_view verb) const noexcept override;
    [[nodiscard]] awaitable<control::answer> handle(control::request what,
                                                    control::asker& to) override;

private:
    [[nodiscard]] log::level by_settings(std::uint32_t slot) const;
    [[nodiscard]] std::optional<log::level> said_of(std::uint32_t slot) const;
    void take(std::optional<log::level> said, std::optional<std::uint32_t> slot);
    void tell(worker_handle& who);
    [[nodiscard]] awaitable<control::answer> look_around(control::request what);

    supervisor& of_;
    board::said_levels said_;
};

}  // namespace cohort::primary
