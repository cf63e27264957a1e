#include <cohort/http/files/detail/file_lookup.hpp>

#include <cohort/http/files/media_type.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace cohort::http::detail {

namespace {

using kind = found_file::kind;

found_file found_by(const fault& why)
{
    switch (why.why().value()) {
        case EACCES:
        case EPERM:
            return {kind::forbidden};
        case ENOENT:
        case ENOTDIR:
        case ELOOP:
        case EXDEV:
        case ENAMETOOLONG:
        case ENXIO:
        case EINVAL:
            return {kind::absent};
        default:
            return {.what = kind::broken, .why = why.text()};
    }
}

/// What a path leads to, without opening it: opening a FIFO or a device can do something.
result<struct stat> seen_at(const unique_fd& folder, const std::string& path, symlinks links)
{
    const auto there = open_beneath(folder, path, O_PATH, links);
    if (!there)
        return std::unexpected(there.error());
    struct stat seen{};
    if (::fstat(there->borrow(), &seen) != 0)
        return failed("look at", path);
    return seen;
}

struct variant {
    std::string path;
    struct stat seen;
    std::optional<coding> coded;
};

/// The file itself, or the first of those beside it that the client takes and that are not older.
variant best_variant(const unique_fd& folder, const sought_file& wanted, variant plain)
{
    for (const coding each : wanted.codings.all()) {
        const std::string path = plain.path + std::string{ending_of(each)};
        const auto seen = seen_at(folder, path, wanted.links);
        if (seen && S_ISREG(seen->st_mode) && seen->st_mtim.tv_sec >= plain.seen.st_mtim.tv_sec)
            return {path, *seen, each};
    }
    return plain;
}

result<held_file> opened(const unique_fd& folder, const std::string& path, symlinks links)
{
    auto file = open_beneath(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, links);
    if (!file)
        return std::unexpected(std::move(file).error());
    return held_file::of(std::move(*file));
}

found_file taken(result<held_file> file, std::size_t memory_max)
{
    if (!file)
        return file.error().why() == errc::not_supported ? found_file{kind::absent}
                                                         : found_by(file.error());
    found_file found{kind::file};
    found.is.mark = file->mark();
    if (found.is.mark.size > memory_max) {
        found.is.file = std::make_shared<const held_file>(std::move(*file));
        return found;
    }
    auto bytes = file->read(0, found.is.mark.size);
    if (!bytes)
        return {.what = kind::broken, .why = bytes.error().text()};
    found.is.bytes = std::make_shared<const std::string>(std::move(*bytes));
    return found;
}

found_file read_variant(const unique_fd& folder, const sought_file& wanted, const variant& chosen)
{
    if (wanted.known == file_mark::of(chosen.seen)) {
        found_file same{kind::unchanged};
        same.is.mark = *wanted.known;
        return same;
    }
    found_file found = taken(opened(folder, chosen.path, wanted.links), wanted.memory_max);
    found.is.coded = chosen.coded;
    return found;
}

}  // namespace

found_file look_up(const sought_file& wanted)
{
    const auto folder = open_folder(wanted.folder);
    if (!folder)
        return {.what = kind::broken, .why = folder.error().text()};
    variant plain{.path = wanted.path, .seen = {}, .coded = {}};
    auto seen = seen_at(*folder, plain.path, wanted.links);
    if (!seen)
        return found_by(seen.error());
    if (S_ISDIR(seen->st_mode)) {
        if (wanted.index.empty())
            return {kind::absent};
        plain.path += (plain.path.empty() ? "" : "/") + wanted.index;
        seen = seen_at(*folder, plain.path, wanted.links);
        if (!seen)
            return found_by(seen.error());
        if (S_ISREG(seen->st_mode) && !wanted.names_folder)
            return {kind::folder};
    } else if (wanted.names_folder) {
        return {kind::absent};
    }
    if (!S_ISREG(seen->st_mode))
        return {kind::absent};
    plain.seen = *seen;

    const variant chosen = best_variant(*folder, wanted, plain);
    found_file found = read_variant(*folder, wanted, chosen);
    // A compressed file that cannot be read is no reason not to send the other one.
    const bool lost = found.what != kind::file && found.what != kind::unchanged;
    if (lost && chosen.coded)
        found = read_variant(*folder, wanted, plain);
    found.is.type = media_type_of(plain.path);
    return found;
}

found_file look_up_own(const std::string& path, std::size_t memory_max)
{
    struct stat seen{};
    if (::stat(path.c_str(), &seen) != 0)
        return found_by(failed("look at", path).error());
    if (!S_ISREG(seen.st_mode))
        return {kind::absent};
    unique_fd file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    if (!file.valid())
        return found_by(failed("open", path).error());
    found_file found = taken(held_file::of(std::move(file)), memory_max);
    found.is.type = media_type_of(path);
    return found;
}

bool is_plain_path(std::string_view path, hidden_names rule) noexcept
{
    const auto harmless = [](unsigned char c) { return c > 0x1f && c != 0x7f && c != '\\'; };
    if (!std::ranges::all_of(path, harmless))
        return false;
    for (;;) {
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment.empty() || segment == "." || segment == "..")
            return false;
        if (segment.starts_with('.') && rule == hidden_names::refused)
            return false;
        if (segment.size() == path.size())
            return true;
        path.remove_prefix(segment.size() + 1);
    }
}

}  // namespace cohort::http::detail
