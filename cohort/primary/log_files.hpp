#pragma once

#include <cohort/async/tokens.hpp>
#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/control/protocol.hpp>
#include <cohort/primary/desk_verbs.hpp>
#include <cohort/primary/supervisor.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::primary {

/// Puts the log's files aside when they have grown (`log.rotate`), and has everybody open them anew
/// when somebody else did: the verb `reopen`, and USR1. A resource.
///
/// No line is lost: whoever has not heard of it yet writes to the file that was put aside. So none
/// is put aside again before all have confirmed, or have had ten seconds to do so. Who does not
/// confirm is given the file again and again, after growing pauses. A log whose file could not be
/// opened at the start is opened as soon as it can be.
class log_files final : public desk_verbs {
public:
    explicit log_files(supervisor& of)
        : of_{of}
    {}

    /// Until the primary ends; at once if the log is to be no file.
    [[nodiscard]] awaitable<> run();

    /// For a signal, whose sender hears nothing: the log has the verdict.
    void reopen_now();

    [[nodiscard]] bool answers(std::string_view verb) const noexcept override;
    [[nodiscard]] awaitable<control::answer> handle(control::request what,
                                                    control::asker& to) override;

private:
    [[nodiscard]] nanoseconds look();
    [[nodiscard]] bool is_file() const;
    [[nodiscard]] bool put_aside();
    void remind();
    [[nodiscard]] result<> reopen();
    [[nodiscard]] result<> give();
    [[nodiscard]] std::vector<std::string> paths() const;
    void complain(const fault& why);

    supervisor& of_;
    steady_time asked_{};     // everybody, to open them anew
    steady_time reminded_{};  // who had not done so; or asked
    nanoseconds patience_{};  // until that is done again
    steady_time locked_{};    // since when somebody else has locked a file; epoch: nobody
    std::uint64_t seen_ = 0;  // bytes of the largest one
    std::string told_;        // the last complaint, which is not repeated
};

}  // namespace cohort::primary
