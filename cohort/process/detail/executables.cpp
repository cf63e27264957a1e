#include <cohort/process/detail/executables.hpp>

#include <cohort/base/unique_fd.hpp>
#include <cohort/process/detail/text.hpp>

#include <fmt/format.h>

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cohort::process::detail {

namespace {

constexpr std::size_t files_most = 8;
constexpr std::size_t line_most = 256;  // the kernel's own (BINPRM_BUF_SIZE)
constexpr std::size_t headers_most = 64;
constexpr std::size_t name_most = 4096;

/// What stands at `offset`; shorter at the end of the file.
std::string bytes_at(const unique_fd& file, std::uint64_t offset, std::size_t most)
{
    std::string bytes(most, '\0');
    const ssize_t got =
        ::pread(file.borrow(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

std::string_view word(std::string_view& rest)
{
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view front = rest.substr(0, end);
    rest.remove_prefix(end);
    return front;
}

std::string found(std::string_view name, std::string_view search)
{
    if (name.empty() || name.find('/') != std::string_view::npos)
        return std::string{name};
    while (!search.empty()) {
        std::string path = fmt::format("{}/{}", cut(search, ':'), name);
        if (::access(path.c_str(), X_OK) == 0)
            return path;
    }
    return {};
}

/// "#!/usr/bin/env -S python3 -u" starts env, and env starts python3.
void read_script(std::string_view line, std::string_view search, std::vector<std::string>& next)
{
    const std::string interpreter{word(line)};
    next.push_back(interpreter);
    if (!interpreter.ends_with("/env"))
        return;
    std::string_view name = word(line);
    while (name.starts_with('-') || name.find('=') != std::string_view::npos)
        name = word(line);
    next.push_back(found(name, search));
}

/// The loader that a 64-bit ELF file of this machine asks for.
std::string loader_of(const unique_fd& file, std::string_view head)
{
    Elf64_Ehdr about{};
    if (head.size() < sizeof about)
        return {};
    std::memcpy(&about, head.data(), sizeof about);
    if (about.e_ident[EI_CLASS] != ELFCLASS64 || about.e_phentsize != sizeof(Elf64_Phdr) ||
        about.e_phnum > headers_most)
        return {};
    const std::string table = bytes_at(file, about.e_phoff, about.e_phnum * sizeof(Elf64_Phdr));
    for (std::size_t at = 0; at + sizeof(Elf64_Phdr) <= table.size(); at += sizeof(Elf64_Phdr)) {
        Elf64_Phdr part{};
        std::memcpy(&part, table.data() + at, sizeof part);
        if (part.p_type != PT_INTERP || part.p_filesz > name_most)
            continue;
        const std::string name = bytes_at(file, part.p_offset, part.p_filesz);
        return name.substr(0, name.find('\0'));
    }
    return {};
}

}  // namespace

std::vector<std::string> executables_of(const std::string& program, std::string_view search)
{
    std::vector<std::string> all;
    std::vector<std::string> next{found(program, search)};
    while (!next.empty() && all.size() < files_most) {
        const std::string path = std::move(next.back());
        next.pop_back();
        if (path.empty() || std::ranges::find(all, path) != all.end())
            continue;
        const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
        // What we may not read may still be executed.
        if (!file.valid() && errno != EACCES)
            continue;
        all.push_back(path);
        const std::string head = file.valid() ? bytes_at(file, 0, line_most) : std::string{};
        if (head.starts_with("#!")) {
            std::string_view line{head};
            line.remove_prefix(2);
            read_script(line.substr(0, line.find('\n')), search, next);
        } else if (head.starts_with(ELFMAG)) {
            next.push_back(loader_of(file, head));
        }
    }
    return all;
}

}  // namespace cohort::process::detail
