#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/primary/chronicle.hpp>
#include <cohort/primary/desk_verbs.hpp>
#include <cohort/primary/messenger.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::primary {

/// What the files of deaths say, for who may not open them: the verb `report`. A resource of the
/// primary's loop.
///
/// The folder may be a file server's, which may be away: messengers read there, and who asks waits
/// for a few seconds at most.
class archive final : public desk_verbs {
public:
    /// No more of a file is told.
    static constexpr std::size_t text_bytes_max = std::size_t{512} << 10;

    /// `past` outlives it.
    archive(asio::any_io_executor executor, const chronicle& past)
        : past_{past}, messengers_{std::move(executor)}
    {}

    [[nodiscard]] bool answers(std::string_view verb) const noexcept override;
    [[nodiscard]] awaitable<control::answer> handle(control::request what,
                                                    control::asker& to) override;

private:
    [[nodiscard]] awaitable<result<std::string>> text_of(std::string file, steady_time until);

    const chronicle& past_;
    messengers messengers_;
};

}  // namespace cohort::primary
