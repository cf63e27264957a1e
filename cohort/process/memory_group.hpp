#pragma once
// A bound on the memory of a worker, kept by the kernel: a control group for each slot.

#include <cohort/base/error.hpp>
#include <cohort/base/unique_fd.hpp>
#include <cohort/process/cgroup.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cohort::process {

/// Control group of one slot. Whoever is in it has, together with the others there, so much memory;
/// when that is used up, the kernel kills the largest of them. A resource; the group itself stays
/// until it is removed.
class memory_group {
public:
    memory_group(std::string folder, std::string counter, unique_fd door, std::uint64_t bytes)
        : folder_{std::move(folder)},
          counter_{std::move(counter)},
          door_{std::move(door)},
          bytes_{bytes}
    {}

    /// Its cgroup.procs, open for writing: a newborn enters by it (enter_group()).
    [[nodiscard]] int door() const noexcept { return door_.borrow(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
    /// Moves a process in. What it has in memory by now counts where it was.
    /// Errors: ENODEV, the group was removed; ESRCH, the process has ended; EACCES.
    [[nodiscard]] result<> put(pid_t who) const;
    /// How many processes of it the kernel has killed for memory. Nothing: nobody counts.
    [[nodiscard]] std::optional<std::uint64_t> kills() const;

private:
    std::string folder_;
    std::string counter_;  // the file that counts
    unique_fd door_;
    std::uint64_t bytes_;
};

using memory_group_ptr = std::shared_ptr<const memory_group>;

/// Has the kernel killed for memory since this was made, where somebody lives? A value.
class memory_tally {
public:
    /// Of nobody: never.
    memory_tally() noexcept = default;
    /// @param in  its group; nullptr: it lives where we do
    explicit memory_tally(memory_group_ptr in);

    [[nodiscard]] bool grew() const;

private:
    [[nodiscard]] std::optional<std::uint64_t> count() const;

    memory_group_ptr in_;
    std::optional<std::uint64_t> before_;
};

/// Where groups can be made: below the control group that we are in, v2 or v1. A value.
class memory_groups {
public:
    /// Looks, and makes room. With v2 processes may only be at the leaves: we and ours, who must be
    /// the only ones there, move into a leaf of our own (`cohort.primary`). Under systemd that
    /// takes `Delegate=yes`.
    ///
    /// @param house  names the groups: the pid of the root, or ours; its processes are ours
    ///
    /// Errors: errc::not_supported; its subject says why, and what to do about it.
    /// Source: cgroups(7); the kernel's cgroup-v2.rst; systemd's CGROUP_DELEGATION.
    [[nodiscard]] static result<memory_groups> find(pid_t house);
    /// The same with v2, we being in that folder.
    [[nodiscard]] static result<memory_groups> find_v2(const std::string& own, pid_t house);

    /// The group of that slot, made unless it is there, with this bound from now on.
    /// Errors: errno of what was refused; EBUSY, its processes have more than that already: nobody
    /// is killed for a bound that comes later.
    [[nodiscard]] result<memory_group_ptr> make(unsigned slot, std::uint64_t bytes) const;
    /// The one that an earlier primary made. Nothing: it did not.
    [[nodiscard]] memory_group_ptr look_for(unsigned slot) const;
    /// False: somebody is in it still (again later).
    bool remove(const memory_group& which) const noexcept;

    /// Removes the groups that cohorts left here whose root was killed.
    void sweep() const;

    /// "cgroup v2, /sys/fs/cgroup/system.slice/api.service"
    [[nodiscard]] std::string words() const;

private:
    memory_groups(cgroup_version version, std::string parent, pid_t house)
        : version_{version}, parent_{std::move(parent)}, house_{house}
    {}
    [[nodiscard]] std::string folder_of(unsigned slot) const;
    [[nodiscard]] result<memory_group_ptr> open(const std::string& folder,
                                                std::uint64_t bytes) const;
    [[nodiscard]] result<> is_enough(const std::string& folder, std::uint64_t bytes) const;

    cgroup_version version_;
    std::string parent_;  // the folder that ours are made in
    pid_t house_;
};

}  // namespace cohort::process
