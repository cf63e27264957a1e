#include <cohort/worker/census.hpp>

#include <algorithm>

#include <sys/stat.h>

namespace cohort::work {

namespace {

/// 0 if the number names nothing.
ino_t inode_of(int fd) noexcept
{
    struct stat seen{};
    return ::fstat(fd, &seen) == 0 ? seen.st_ino : 0;
}

}  // namespace

void census::add(int fd) { noted_.push_back({fd, inode_of(fd)}); }

bool census::look(std::size_t some) noexcept
{
    bool gone = false;
    for (std::size_t left = std::min(some, noted_.size()); left > 0 && !noted_.empty(); --left) {
        if (next_ >= noted_.size())
            next_ = 0;
        note& each = noted_[next_];
        if (inode_of(each.fd) == each.inode) {
            ++next_;
            continue;
        }
        each = noted_.back();
        noted_.pop_back();
        gone = true;
    }
    return gone;
}

}  // namespace cohort::work
