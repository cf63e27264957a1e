#include <cohort/board/segment.hpp>

#include <cohort/base/assert.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace cohort::board {

namespace {

constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

constexpr std::size_t size_for(unsigned slots) noexcept
{
    return sizeof(header) + std::size_t{slots} * sizeof(slot);
}

result<void*> map(const unique_fd& fd, std::size_t size)
{
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.borrow(), 0);
    if (memory == MAP_FAILED)
        return failed("map the scoreboard");
    return memory;
}

std::unexpected<fault> refuse(std::string why)
{
    return failed(errc::board_layout_mismatch, "attach the scoreboard:", std::move(why));
}

/// Checks what can be known without mapping: a file that can still shrink could end us by SIGBUS.
result<std::size_t> sealed_size(const unique_fd& fd)
{
    const int held = ::fcntl(fd.borrow(), F_GET_SEALS);
    if (held == -1 || (held & seals) != seals)
        return refuse("not a sealed segment");
    struct stat about{};
    if (::fstat(fd.borrow(), &about) == -1)
        return failed("look at the scoreboard");
    if (about.st_size < static_cast<off_t>(size_for(1)) ||
        about.st_size > static_cast<off_t>(size_for(slots_max)))
        return refuse("size out of range");
    return static_cast<std::size_t>(about.st_size);
}

result<> check(const header& head, std::size_t size)
{
    if (head.magic != magic)
        return refuse("not a scoreboard");
    if (head.layout != layout_number || head.slot_size != sizeof(slot))
        return refuse("layout " + std::to_string(head.layout));
    if (head.slots < 1 || head.slots > slots_max || head.size != size ||
        size_for(head.slots) != size)
        return refuse("size and slots disagree");
    return {};
}

}  // namespace

segment::segment(unique_fd fd, void* memory, const header& head) noexcept
    : fd_{std::move(fd)},
      memory_{static_cast<std::byte*>(memory)},
      size_{head.size},
      slots_{head.slots},
      generation_{head.generation}
{}

segment::segment(segment&& other) noexcept
    : fd_{std::move(other.fd_)},
      memory_{std::exchange(other.memory_, nullptr)},
      size_{other.size_},
      slots_{std::exchange(other.slots_, 0)},
      generation_{other.generation_}
{}

segment& segment::operator=(segment&& other) noexcept
{
    std::swap(fd_, other.fd_);
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    std::swap(slots_, other.slots_);
    std::swap(generation_, other.generation_);
    return *this;
}

segment::~segment()
{
    if (memory_)
        COHORT_ASSERT(::munmap(memory_, size_) == 0);
}

result<segment> segment::create(const plan& what)
{
    if (what.slots < 1 || what.slots > slots_max)
        return failed(errc::bad_value, "make a scoreboard of slots:", std::to_string(what.slots));
    const std::size_t size = size_for(what.slots);
    unique_fd fd{::memfd_create("cohort-board", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    if (!fd.valid() || ::ftruncate(fd.borrow(), static_cast<off_t>(size)) == -1)
        return failed("make the scoreboard");
    if (::fcntl(fd.borrow(), F_ADD_SEALS, seals) == -1)
        return failed("seal the scoreboard");
    auto memory = map(fd, size);
    if (!memory)
        return std::unexpected(std::move(memory).error());

    header head{};
    head.magic = magic;
    head.size = size;
    head.layout = layout_number;
    head.slots = what.slots;
    head.slot_size = sizeof(slot);
    head.generation = what.generation;
    auto* bytes = static_cast<std::byte*>(*memory);
    std::memcpy(bytes, &head, sizeof head);
    // The rows begin their lives here, before anybody else can look.
    for (unsigned i = 0; i < what.slots; ++i)
        new (bytes + sizeof(header) + i * sizeof(slot)) slot{};
    return segment{std::move(fd), *memory, head};
}

result<segment> segment::attach(unique_fd fd)
{
    if (!fd.valid())
        return refuse("no descriptor");
    const auto size = sealed_size(fd);
    if (!size)
        return std::unexpected(size.error());
    auto memory = map(fd, *size);
    if (!memory)
        return std::unexpected(std::move(memory).error());

    header head{};
    std::memcpy(&head, *memory, sizeof head);
    if (auto fits = check(head, *size); !fits) {
        ::munmap(*memory, *size);
        return std::unexpected(std::move(fits).error());
    }
    return segment{std::move(fd), *memory, head};
}

slot& segment::row(unsigned index) const noexcept
{
    COHORT_ASSERT(index < slots_);
    std::byte* at = memory_ + sizeof(header) + std::size_t{index} * sizeof(slot);
    return *std::launder(reinterpret_cast<slot*>(at));
}

}  // namespace cohort::board
