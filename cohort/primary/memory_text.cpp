#include <cohort/primary/memory_text.hpp>

#include <cohort/process/kept_bytes.hpp>

#include <unistd.h>

#include <cstddef>

namespace cohort::primary {

namespace {

constexpr std::size_t text_max = std::size_t{1} << 20;

}  // namespace

result<unique_fd> keep_text(std::string_view text)
{
    return process::keep_bytes("cohort-settings", text);
}

result<std::string> read_text(const unique_fd& memory)
{
    std::string text(text_max, '\0');
    const ssize_t got = ::pread(memory.borrow(), text.data(), text.size(), 0);
    if (got == -1)
        return failed("read a text in memory");
    text.resize(static_cast<std::size_t>(got));
    return text;
}

}  // namespace cohort::primary
