#include <cohort/primary/generation.hpp>

#include <cohort/base/try.hpp>
#include <cohort/config/serialize.hpp>
#include <cohort/primary/memory_text.hpp>
#include <cohort/process/origin.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <string>

namespace cohort::primary {

result<generation_ptr> generation::recover(std::uint32_t number, unique_fd settings,
                                           unique_fd binary)
{
    COHORT_TRY(const std::string text, read_text(settings));
    COHORT_TRY(auto chosen, config::deserialize(text));
    auto found = std::make_shared<generation>(number, std::move(chosen));
    found->binary = std::move(binary);
    found->text = std::move(settings);
    if (found->binary.valid())
        found->held_for = found->settings().exec;
    return found;
}

void generation::mark_files()
{
    const bool other = !settings().exec.empty();
    files = other ? files_of(settings(), binary.valid() ? program_is::held : program_is::named)
                  : std::vector<file_mark>{};
}

std::string generation::is_lost() const
{
    if (settings().exec.empty())
        return {};
    if (!files)
        return fmt::format("which files generation {} ran from is not known any more: the primary "
                           "that knew has died",
                           number_);
    const auto changed = changed_since(*files);
    if (changed.empty())
        return {};
    return fmt::format("generation {} ran {}, which is another file by now", number_,
                       fmt::join(changed, ", "));
}

std::vector<file_mark> generation::start_files() const
{
    if (settings().exec.empty())
        return {};
    auto all = files_of(settings(), binary.valid() ? program_is::held : program_is::named);
    // The file that is held may be written over.
    if (binary.valid()) {
        if (auto held = mark_of(fmt::format("/proc/self/fd/{}", binary.borrow())))
            all.push_back(*std::move(held));
    }
    return all;
}

std::optional<std::string> generation::replaced_by() const
{
    std::string name;
    if (settings().exec.empty()) {
        if (const auto origin = process::own_origin())
            name = origin->path;
    } else if (binary.valid()) {
        name = (std::filesystem::path{settings().cwd} / settings().exec).string();
    }
    const auto there = name.empty() ? std::nullopt : mark_of(name);
    const auto held = mark_of(binary.valid() ? fmt::format("/proc/self/fd/{}", binary.borrow())
                                             : "/proc/self/exe");
    if (!there || !held || is_same_file(*there, *held))
        return std::nullopt;
    return name;
}

result<> generation::write_down()
{
    if (own_ != nullptr || text.valid())
        return {};
    COHORT_TRY(text, keep_text(config::serialize(settings())));
    return {};
}

result<> generation::leave_behind()
{
    if (!text.valid()) {
        COHORT_TRY(text, keep_text(config::serialize(settings())));
    }
    if (is_own() && !binary.valid()) {
        COHORT_TRY(binary, process::open_own_binary());
    }
    return {};
}

}  // namespace cohort::primary
