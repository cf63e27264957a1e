#include <cohort/dashboard/host_files.hpp>

#include <cstddef>

namespace cohort::dashboard {

host_files::host_files() noexcept
    : born_with_{look()}
{}

host_files::stats host_files::look() noexcept
{
    stats all{};
    for (std::size_t i = 0; i < paths.size(); ++i) {
        if (::stat(paths[i], &all[i]) == -1)
            all[i] = {};
    }
    return all;
}

bool host_files::replaced() const noexcept
{
    const stats now = look();
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i].st_ino != born_with_[i].st_ino || now[i].st_dev != born_with_[i].st_dev)
            return true;
    }
    return false;
}

}  // namespace cohort::dashboard
