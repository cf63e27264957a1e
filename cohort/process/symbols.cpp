#include <cohort/process/symbols.hpp>

#include <cxxabi.h>
#include <elf.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>

namespace cohort::process {

namespace {

constexpr unsigned headers_max = 4096;
constexpr std::size_t notes_bytes_max = 4096;
constexpr std::size_t raw_name_max = 2048;
constexpr std::size_t build_id_max = 64;

/// So many of the file's bytes as there are.
std::size_t read_some(const unique_fd& file, std::uint64_t where, void* into, std::size_t bytes)
{
    const ssize_t got = ::pread(file.borrow(), into, bytes, static_cast<off_t>(where));
    return got < 0 ? 0 : static_cast<std::size_t>(got);
}

template <class T>
std::optional<T> read_at(const unique_fd& file, std::uint64_t where)
{
    T value{};
    return read_some(file, where, &value, sizeof value) == sizeof value ? std::optional{value}
                                                                        : std::nullopt;
}

std::uint64_t padded(std::uint64_t size) noexcept { return (size + 3) & ~std::uint64_t{3}; }

bool is_function(const Elf64_Sym& what) noexcept
{
    const auto type = ELF64_ST_TYPE(what.st_info);
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && what.st_shndx != SHN_UNDEF &&
           what.st_size != 0;
}

}  // namespace

std::string readable_name(const std::string& name)
{
    int failed = 0;
    const std::unique_ptr<char, decltype(&std::free)> plain{
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &failed), &std::free};
    std::string words = failed == 0 && plain ? std::string{plain.get()} : name;
    if (words.size() > symbol_search::name_bytes_max) {
        words.resize(symbol_search::name_bytes_max - 3);
        words += "...";
    }
    std::ranges::replace_if(words, [](char c) { return c < ' ' || c > '~'; }, '?');
    return words;
}

result<symbol_search> symbol_search::open(unique_fd file, std::vector<std::uint64_t> places)
{
    symbol_search made{std::move(file)};
    const auto head = read_at<Elf64_Ehdr>(made.file_, 0);
    if (!head || std::memcmp(&head->e_ident[0], ELFMAG, SELFMAG) != 0 ||
        head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_phentsize != sizeof(Elf64_Phdr) ||
        (head->e_shnum != 0 && head->e_shentsize != sizeof(Elf64_Shdr)))
        return failed(errc::malformed, "read the symbols of a program");
    made.find_places(places, head->e_phoff, std::min<unsigned>(head->e_phnum, headers_max));
    made.find_table(head->e_shoff, std::min<unsigned>(head->e_shnum, headers_max));
    return made;
}

void symbol_search::find_places(const std::vector<std::uint64_t>& offsets, std::uint64_t headers,
                                unsigned count)
{
    for (std::size_t i = 0; i < offsets.size(); ++i)
        places_.push_back({.address = offsets[i], .number = i});
    for (unsigned i = 0; i < count; ++i) {
        const auto part = read_at<Elf64_Phdr>(file_, headers + i * sizeof(Elf64_Phdr));
        if (!part)
            break;
        if (part->p_type == PT_NOTE)
            read_notes(part->p_offset, part->p_filesz);
        if (part->p_type != PT_LOAD)
            continue;
        for (place& each : places_) {
            const std::uint64_t offset = offsets[each.number];
            if (offset >= part->p_offset && offset - part->p_offset < part->p_filesz)
                each.address = offset - part->p_offset + part->p_vaddr;
        }
    }
    std::ranges::sort(places_, {}, &place::address);
}

void symbol_search::find_table(std::uint64_t headers, unsigned count)
{
    std::optional<Elf64_Shdr> best;
    for (unsigned i = 0; i < count; ++i) {
        const auto part = read_at<Elf64_Shdr>(file_, headers + i * sizeof(Elf64_Shdr));
        if (!part)
            break;
        // The whole one has what the one for the dynamic linker has, and more.
        if (part->sh_type == SHT_SYMTAB || (part->sh_type == SHT_DYNSYM && !best))
            best = part;
    }
    if (!best || best->sh_entsize != sizeof(Elf64_Sym) || best->sh_link >= count)
        return;
    const auto names = read_at<Elf64_Shdr>(file_, headers + best->sh_link * sizeof(Elf64_Shdr));
    if (!names || names->sh_type != SHT_STRTAB)
        return;
    table_ = best->sh_offset;
    left_ = best->sh_size / sizeof(Elf64_Sym);
    names_ = names->sh_offset;
    names_size_ = names->sh_size;
}

void symbol_search::read_notes(std::uint64_t offset, std::uint64_t size)
{
    std::string notes(std::min<std::uint64_t>(size, notes_bytes_max), '\0');
    notes.resize(read_some(file_, offset, notes.data(), notes.size()));
    std::string_view rest = notes;
    while (rest.size() >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr head;
        std::memcpy(&head, rest.data(), sizeof head);
        rest.remove_prefix(sizeof head);
        const std::uint64_t name = padded(head.n_namesz);
        const std::uint64_t whole = name + padded(head.n_descsz);
        if (whole > rest.size())
            return;
        const bool is_gnu = rest.substr(0, head.n_namesz) == std::string_view{"GNU\0", 4};
        if (is_gnu && head.n_type == NT_GNU_BUILD_ID && head.n_descsz <= build_id_max) {
            build_id_.clear();
            for (const char c : rest.substr(name, head.n_descsz))
                build_id_ += fmt::format("{:02x}", static_cast<unsigned char>(c));
            return;
        }
        rest.remove_prefix(whole);
    }
}

bool symbol_search::step()
{
    const std::uint64_t wanted = std::min<std::uint64_t>(left_, symbols_a_step);
    if (wanted == 0 || places_.empty())
        return false;
    std::vector<Elf64_Sym> some(wanted);
    const std::size_t got =
        read_some(file_, table_, some.data(), wanted * sizeof(Elf64_Sym)) / sizeof(Elf64_Sym);
    some.resize(got);
    for (const Elf64_Sym& each : some) {
        if (!is_function(each) || each.st_name >= names_size_)
            continue;
        auto at = std::ranges::lower_bound(places_, each.st_value, {}, &place::address);
        for (; at != places_.end() && at->address - each.st_value < each.st_size; ++at) {
            // Of two names for one place the one that begins later is the closer one.
            if (at->name == 0 || each.st_value > at->begin) {
                at->begin = each.st_value;
                at->name = names_ + each.st_name;
            }
        }
    }
    table_ += got * sizeof(Elf64_Sym);
    left_ = got == wanted ? left_ - got : 0;  // a file that ends too early has said all
    return left_ != 0;
}

std::string symbol_search::name_at(std::uint64_t offset) const
{
    std::string name(raw_name_max, '\0');
    name.resize(read_some(file_, offset, name.data(), name.size()));
    name.resize(std::min(name.find('\0'), name.size()));
    return name;
}

std::vector<symbol> symbol_search::found() const
{
    std::vector<symbol> all(places_.size());
    for (const place& each : places_) {
        if (each.name != 0)
            all[each.number] = {readable_name(name_at(each.name)), each.address - each.begin};
    }
    return all;
}

std::vector<std::uint64_t> symbol_search::addresses() const
{
    std::vector<std::uint64_t> all(places_.size());
    for (const place& each : places_)
        all[each.number] = each.address;
    return all;
}

}  // namespace cohort::process
