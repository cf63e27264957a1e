#include <cohort/process/kept_bytes.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace cohort::process {

result<unique_fd> keep_bytes(const char* name, std::string_view bytes)
{
    unique_fd memory{::memfd_create(name, MFD_CLOEXEC)};
    if (!memory.valid())
        return failed("make anonymous memory", name);
    while (!bytes.empty()) {
        const ssize_t put = ::write(memory.borrow(), bytes.data(), bytes.size());
        if (put == -1 && errno != EINTR)
            return failed("fill anonymous memory", name);
        bytes.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
    }
    return memory;
}

}  // namespace cohort::process
