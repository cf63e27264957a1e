#include <cohort/board/detail/sealed_memory.hpp>

#include <cohort/base/assert.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace cohort::board::detail {

namespace {

constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

}  // namespace

std::unexpected<fault> refuse(std::string why)
{
    return failed(errc::board_layout_mismatch, "attach shared memory:", std::move(why));
}

sealed_memory::sealed_memory(unique_fd fd, void* bytes, std::size_t size) noexcept
    : fd_{std::move(fd)}, bytes_{static_cast<std::byte*>(bytes)}, size_{size}
{}

sealed_memory::sealed_memory(sealed_memory&& other) noexcept
    : fd_{std::move(other.fd_)},
      bytes_{std::exchange(other.bytes_, nullptr)},
      size_{std::exchange(other.size_, 0)}
{}

sealed_memory& sealed_memory::operator=(sealed_memory&& other) noexcept
{
    std::swap(fd_, other.fd_);
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
}

sealed_memory::~sealed_memory()
{
    if (bytes_)
        COHORT_ASSERT(::munmap(bytes_, size_) == 0);
}

result<sealed_memory> sealed_memory::map(unique_fd fd, std::size_t size)
{
    // Pages come with the first touch; most of a journal is never touched.
    void* bytes =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd.borrow(), 0);
    if (bytes == MAP_FAILED)
        return failed("map shared memory");
    return sealed_memory{std::move(fd), bytes, size};
}

result<sealed_memory> sealed_memory::create(const char* name, std::size_t size)
{
    unique_fd fd{::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!fd.valid() || ::ftruncate(fd.borrow(), static_cast<off_t>(size)) == -1)
        return failed("make shared memory", name);
    if (::fcntl(fd.borrow(), F_ADD_SEALS, seals) == -1)
        return failed("seal shared memory", name);
    return map(std::move(fd), size);
}

result<sealed_memory> sealed_memory::attach(unique_fd fd, bounds sizes)
{
    if (!fd.valid())
        return refuse("no descriptor");
    const int held = ::fcntl(fd.borrow(), F_GET_SEALS);
    if (held == -1 || (held & seals) != seals)
        return refuse("not a sealed segment");
    struct stat about{};
    if (::fstat(fd.borrow(), &about) == -1)
        return failed("look at shared memory");
    if (about.st_size < static_cast<off_t>(sizes.least) ||
        about.st_size > static_cast<off_t>(sizes.most))
        return refuse("size out of range");
    return map(std::move(fd), static_cast<std::size_t>(about.st_size));
}

}  // namespace cohort::board::detail
