#include <cohort/process/frame_finder.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace cohort::process {

namespace {

/// The very file that the process runs, or none: another one of this name has other functions.
unique_fd open_if_same(const std::string& path, const mapped_code& code)
{
    unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    struct stat about{};
    if (!file.valid() || ::fstat(file.borrow(), &about) == -1 || !S_ISREG(about.st_mode) ||
        about.st_ino != code.inode)
        return {};
    return file;
}

unique_fd open_code(pid_t process, const mapped_code& code)
{
    if (code.inode == 0)
        return {};
    unique_fd file = open_if_same(code.path, code);
    // A deployment may have replaced the program.
    return file.valid() ? std::move(file)
                        : open_if_same(fmt::format("/proc/{}/exe", process), code);
}

}  // namespace

frame_finder frame_finder::open(pid_t process, const program_map& code,
                                const std::vector<std::uint64_t>& addresses)
{
    frame_finder made;
    for (const std::uint64_t each : addresses) {
        const mapped_code* const where = code.at(each);
        if (where == nullptr || where->path.empty())
            continue;
        auto known = std::ranges::find(made.files_, where->path, &file::path);
        if (known == made.files_.end()) {
            if (made.files_.size() == files_max)
                continue;
            made.files_.push_back({.path = where->path});
            known = made.files_.end() - 1;
        }
        if (std::ranges::find(known->addresses, each) != known->addresses.end())
            continue;
        known->addresses.push_back(each);
        known->places.push_back(each - where->begin + where->offset);
    }
    for (file& each : made.files_) {
        auto opened = open_code(process, *code.at(each.addresses.front()));
        if (!opened.valid())
            continue;
        if (auto search = symbol_search::open(std::move(opened), each.places))
            each.search.push_back(*std::move(search));
    }
    return made;
}

bool frame_finder::step()
{
    if (next_ == files_.size())
        return false;
    file& at = files_[next_];
    if (!at.search.empty() && at.search.front().step())
        return true;
    conclude(at);
    ++next_;
    return next_ != files_.size();
}

void frame_finder::conclude(file& of)
{
    std::vector<symbol> names(of.addresses.size());
    std::vector<std::uint64_t> places = of.places;
    std::string build_id;
    if (!of.search.empty()) {
        names = of.search.front().found();
        places = of.search.front().addresses();
        build_id = of.search.front().build_id();
        of.search.clear();
    }
    for (std::size_t i = 0; i < of.addresses.size(); ++i) {
        frame_words words;
        words.file = of.path;
        words.build_id = build_id;
        words.address = places[i];
        words.function = std::move(names[i]);
        found_.insert_or_assign(of.addresses[i], std::move(words));
    }
}

const frame_words* frame_finder::at(std::uint64_t address) const
{
    const auto found = found_.find(address);
    return found == found_.end() ? nullptr : &found->second;
}

}  // namespace cohort::process
