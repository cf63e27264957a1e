#include <cohort/primary/dashboard_birth.hpp>

#include <cohort/base/try.hpp>
#include <cohort/observe/log_file.hpp>
#include <cohort/process/clone.hpp>
#include <cohort/process/confinement.hpp>
#include <cohort/process/permit.hpp>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace cohort::primary {

namespace {

namespace fs = std::filesystem;

/// A file of a token may be replaced at any time, and be a link, as those of Kubernetes are: where
/// it lies is read, and where it leads to.
void add_folders(const fs::path& file, std::vector<std::string>& to)
{
    if (file.empty())
        return;
    to.push_back(file.parent_path().string());
    std::error_code unknown;
    const fs::path target = fs::canonical(file, unknown);
    if (!unknown && target.parent_path() != file.parent_path())
        to.push_back(target.parent_path().string());
}

}  // namespace

result<std::shared_ptr<const process::sandbox>> dashboard_box(const door_tokens& tokens)
{
    process::sandbox_options how;
    how.profile = process::sandbox_profile::onlooker;
    how.best_effort = true;
    add_folders(tokens.order, how.read);
    add_folders(tokens.view, how.read);
    COHORT_TRY(auto made, process::sandbox::prepare(how));
    return std::make_shared<const process::sandbox>(std::move(made));
}

result<dashboard_process> give_birth_to(const dashboard_plan& plan, asio::any_io_executor executor,
                                        audience& life, control::larder& from)
{
    COHORT_TRY(auto ends, control::hatch::make_ends());
    COHORT_TRY(auto hatch, control::hatch::open(std::move(executor), std::move(ends.first), from));
    exhibit what = plan.what;
    what.hatch = ends.second.borrow();
    what.free_filters = process::own_filters();
    process::birth how;
    how.title = plan.title;
    how.box = plan.box;
    how.orphan = process::parent_death::kill();
    for (const int each : {what.local, what.remote, what.hatch, log::kept_number()}) {
        if (each != -1)
            how.keep.push_back(each);
    }
    COHORT_TRY(auto permit, process::fork_permit::ask());
    // Runs in the copy: everything it refers to is the copy's own memory, and nothing of it is ever
    // destroyed there.
    auto begin = [&life, &what]() noexcept { life.show(what); };
    COHORT_TRY(auto child, process::clone(std::move(permit), how, begin));
    hatch->is_of(child.pid());
    return dashboard_process{.child = std::move(child), .hatch = std::move(hatch)};
}

}  // namespace cohort::primary
