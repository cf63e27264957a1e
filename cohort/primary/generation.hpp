#pragma once

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/config/settings.hpp>
#include <cohort/primary/file_mark.hpp>
#include <cohort/primary/mold.hpp>
#include <cohort/primary/program_file.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohort::primary {

/// One version of code and configuration. A resource, shared by the seats that live by it.
class generation {
public:
    /// The first: its workers are copies of this process. `own` is the program's, and may change
    /// (cluster::setup_primary).
    explicit generation(const config::settings& own) noexcept
        : own_{&own}
    {}
    /// A later one.
    generation(std::uint32_t number, config::settings chosen)
        : number_{number}, chosen_{std::move(chosen)}
    {}
    /// One that a dead primary had, from what it wrote down.
    /// Errors: errc::malformed, that is not what it wrote.
    [[nodiscard]] static result<std::shared_ptr<generation>>
    recover(std::uint32_t number, unique_fd settings, unique_fd binary);
    /// Makes `text`, for who comes after us. Errors: EMFILE, ENOMEM.
    [[nodiscard]] result<> write_down();
    /// The same for another program: what was our own is not its own. Errors: likewise.
    [[nodiscard]] result<> leave_behind();
    generation(const generation&) = delete;
    generation& operator=(const generation&) = delete;

    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
    [[nodiscard]] const config::settings& settings() const noexcept
    {
        return own_ != nullptr ? *own_ : chosen_;
    }

    /// Its workers are copies of this process.
    [[nodiscard]] bool is_own() const noexcept
    {
        return own_ != nullptr && settings().exec.empty();
    }

    /// Its pairs are forked by a mold.
    [[nodiscard]] bool needs_mold() const noexcept
    {
        return own_ == nullptr && settings().exec.empty();
    }

    void hold(program_file file)
    {
        held_for = std::move(file.exec);
        binary = std::move(file.binary);
        made = file.made;
    }
    /// What of it nobody holds is marked, to be known again.
    void mark_files();
    /// Why its workers would not be what they were, in words; empty: as far as one can tell, they
    /// would.
    [[nodiscard]] std::string is_lost() const;
    /// What a start of its workers reads now. Empty: they are copies of a process that runs.
    [[nodiscard]] std::vector<file_mark> start_files() const;
    /// The name of its program file, if another one has it by now than the one that is held.
    [[nodiscard]] std::optional<std::string> replaced_by() const;

    /// Who forks its pairs, if neither we do nor its workers are another program. Nothing while it
    /// is being started again.
    std::shared_ptr<mold> maker;
    /// The file that runs: of the mold, or of the workers if they are another program. Not valid:
    /// it is our own, or a script, which is executed by its path.
    unique_fd binary;
    unique_fd text;        ///< its settings, in a memfd; not valid: they are the program's own
    std::string held_for;  ///< the `exec` that `binary` was opened for
    build made = build::unknown;  ///< how that was built
    bool served = false;          ///< one of its workers that need not know us got ready
    bool warned = false;          ///< that such a one listens elsewhere
    /// Of another program: what is read by its name at every start. Nothing: a dead primary knew.
    std::optional<std::vector<file_mark>> files;

private:
    std::uint32_t number_ = 1;
    const config::settings* own_ = nullptr;
    config::settings chosen_;
};

using generation_ptr = std::shared_ptr<generation>;

}  // namespace cohort::primary
