#include <cohort/cli/elf.hpp>

#include <cohort/base/unique_fd.hpp>

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace cohort::cli {

namespace {

constexpr std::size_t notes_bytes_max = std::size_t{1} << 20;
constexpr std::string_view owner{"Cohort\0", 7};  // with its NUL; app/program_note.cpp writes it

template <class T>
std::optional<T> read_at(const unique_fd& file, std::uint64_t where)
{
    T value{};
    if (::pread(file.borrow(), &value, sizeof value, static_cast<off_t>(where)) !=
        static_cast<ssize_t>(sizeof value))
        return std::nullopt;
    return value;
}

std::size_t padded(std::size_t size) noexcept { return (size + 3) & ~std::size_t{3}; }

}  // namespace

bool has_cohort_note(std::string_view notes) noexcept
{
    while (notes.size() >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr head;
        std::memcpy(&head, notes.data(), sizeof head);
        const std::size_t name = padded(head.n_namesz);
        const std::size_t whole = sizeof head + name + padded(head.n_descsz);
        if (whole > notes.size() || name > notes.size())
            return false;
        if (notes.substr(sizeof head, head.n_namesz) == owner)
            return true;
        notes.remove_prefix(whole);
    }
    return false;
}

result<bool> is_built_with_cohort(const std::filesystem::path& program)
{
    const unique_fd file{::open(program.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file.valid())
        return failed("open", program.string());
    const auto head = read_at<Elf64_Ehdr>(file, 0);
    if (!head || std::memcmp(&head->e_ident[0], ELFMAG, SELFMAG) != 0 ||
        head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_phentsize != sizeof(Elf64_Phdr))
        return false;
    for (unsigned i = 0; i < head->e_phnum; ++i) {
        const auto part = read_at<Elf64_Phdr>(file, head->e_phoff + i * sizeof(Elf64_Phdr));
        if (!part)
            return false;
        if (part->p_type != PT_NOTE || part->p_filesz > notes_bytes_max)
            continue;
        std::string notes(part->p_filesz, '\0');
        const auto got =
            ::pread(file.borrow(), notes.data(), notes.size(), static_cast<off_t>(part->p_offset));
        if (got == static_cast<ssize_t>(notes.size()) && has_cohort_note(notes))
            return true;
    }
    return false;
}

std::optional<std::filesystem::path> find_program(std::string_view name,
                                                  std::string_view path_variable)
{
    const auto runs = [](const std::filesystem::path& file) {
        std::error_code ec;
        return std::filesystem::is_regular_file(file, ec) && ::access(file.c_str(), X_OK) == 0;
    };
    if (name.find('/') != std::string_view::npos)
        return runs(name) ? std::optional<std::filesystem::path>{name} : std::nullopt;
    while (!path_variable.empty()) {
        const auto end = std::min(path_variable.find(':'), path_variable.size());
        const std::filesystem::path folder{path_variable.substr(0, end)};
        if (!folder.empty() && runs(folder / name))
            return folder / name;
        path_variable.remove_prefix(std::min(end + 1, path_variable.size()));
    }
    return std::nullopt;
}

}  // namespace cohort::cli
