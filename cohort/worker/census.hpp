#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

namespace cohort::work {

/// How many of the connections that we gave away as plain sockets are still open. A resource.
///
/// The program closes its sockets without telling us, and a duplicate of ours would keep the
/// connection open. So we note number and inode, and look again now and then: a number that names
/// another inode, or nothing, is a connection that has gone.
class census {
public:
    /// Notes a socket that the program gets now.
    void add(int fd);

    /// Looks at up to `some` of the noted sockets, in turn; true if any had gone.
    bool look(std::size_t some) noexcept;
    /// Looks at all of them.
    bool look_at_all() noexcept { return look(noted_.size()); }

    [[nodiscard]] std::size_t open() const noexcept { return noted_.size(); }

private:
    struct note {
        int fd;
        ino_t inode;
    };

    std::vector<note> noted_;
    std::size_t next_ = 0;
};

}  // namespace cohort::work
