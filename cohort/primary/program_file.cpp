#include <cohort/primary/program_file.hpp>

#include <cohort/base/try.hpp>
#include <cohort/primary/birth.hpp>
#include <cohort/process/origin.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace cohort::primary {

namespace {

/// What a start would execute: relative to where workers run. A name without '/' is looked up in
/// PATH, then by name again: there is no file to hold on to.
std::string path_of(const std::string& exec, const std::string& cwd)
{
    if (std::filesystem::path{exec}.is_absolute() || exec.find('/') == std::string::npos)
        return exec;
    return (std::filesystem::path{cwd} / exec).string();
}

/// Who may execute it but not read it does not learn how it was built.
build build_of(const std::string& path)
{
    const unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    struct stat about{};
    if (!file.valid() || ::fstat(file.borrow(), &about) == -1 || about.st_size <= 0)
        return build::unknown;
    const auto size = static_cast<std::size_t>(about.st_size);
    void* const all = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.borrow(), 0);
    if (all == MAP_FAILED)
        return build::unknown;
    const std::string_view mark{variable::channel};
    const bool found = ::memmem(all, size, mark.data(), mark.size()) != nullptr;
    ::munmap(all, size);
    return found ? build::with_cohort : build::unknown;
}

}  // namespace

result<unique_fd> hold_binary(const std::string& path)
{
    COHORT_TRY(auto binary, process::open_binary(path));
    if (!process::runs_by_descriptor(binary.borrow()))
        binary.reset();
    return binary;
}

result<program_file> hold_program(const std::string& exec, const std::string& cwd)
{
    program_file held;
    held.exec = exec;
    const std::string path = path_of(exec, cwd);
    if (path.find('/') == std::string::npos)
        return held;
    COHORT_TRY(held.binary, hold_binary(path));
    if (held.binary.valid())
        held.made = build_of(path);
    return held;
}

}  // namespace cohort::primary
