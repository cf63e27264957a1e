#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/observe/log.hpp>
#include <cohort/primary/desk_verbs.hpp>
#include <cohort/primary/supervisor.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace cohort::primary {

/// Which lines workers write, by word of an operator: the verb `log-level`. A resource.
///
/// The word is about a slot, so the successor of its worker hears it, too; or about all of them and
/// us. It counts until somebody says "default", which is what the settings say, and as long as this
/// primary lives: another one does not know of it, and workers stay as they are.
class log_levels final : public desk_verbs {
public:
    explicit log_levels(supervisor& of)
        : of_{of}
    {}

    /// Tells whoever comes. Until the primary ends.
    [[nodiscard]] awaitable<> run();

    [[nodiscard]] bool answers(std::string_view verb) const noexcept override;
    [[nodiscard]] awaitable<control::answer> handle(control::request what,
                                                    control::asker& to) override;

private:
    [[nodiscard]] log::level by_settings() const;
    [[nodiscard]] std::optional<log::level> said_of(std::uint32_t slot) const;
    void take(std::optional<log::level> said, std::optional<std::uint32_t> slot);
    void tell(worker_handle& who, log::level what);
    void tell_newcomers();
    [[nodiscard]] awaitable<control::answer> look_around(control::request what);

    supervisor& of_;
    std::optional<log::level> all_;
    std::map<std::uint32_t, log::level> slots_;
    std::map<std::uint32_t, log::level> told_;  // by id
};

}  // namespace cohort::primary
