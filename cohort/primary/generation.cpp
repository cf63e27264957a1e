#include <cohort/primary/generation.hpp>

#include <cohort/base/try.hpp>
#include <cohort/config/serialize.hpp>
#include <cohort/process/origin.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace cohort::primary {

namespace {

constexpr std::size_t text_max = std::size_t{1} << 20;

result<unique_fd> keep_text(const std::string& text)
{
    unique_fd memory{::memfd_create("cohort-settings", MFD_CLOEXEC)};
    if (!memory.valid())
        return failed("keep the settings of a generation");
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t put = ::write(memory.borrow(), text.data() + done, text.size() - done);
        if (put == -1 && errno != EINTR)
            return failed("keep the settings of a generation");
        done += put > 0 ? static_cast<std::size_t>(put) : 0;
    }
    return memory;
}

result<std::string> read_text(const unique_fd& memory)
{
    std::string text(text_max, '\0');
    const ssize_t got = ::pread(memory.borrow(), text.data(), text.size(), 0);
    if (got == -1)
        return failed("read the settings of a generation");
    text.resize(static_cast<std::size_t>(got));
    return text;
}

}  // namespace

result<generation_ptr> generation::recover(std::uint32_t number, unique_fd settings,
                                           unique_fd binary)
{
    COHORT_TRY(const std::string text, read_text(settings));
    COHORT_TRY(auto chosen, config::deserialize(text));
    auto found = std::make_shared<generation>(number, std::move(chosen));
    found->binary = std::move(binary);
    found->text = std::move(settings);
    if (found->binary.valid())
        found->held_for = found->settings().exec;
    return found;
}

result<> generation::write_down()
{
    if (own_ != nullptr || text.valid())
        return {};
    COHORT_TRY(text, keep_text(config::serialize(settings())));
    return {};
}

result<> generation::leave_behind()
{
    if (!text.valid()) {
        COHORT_TRY(text, keep_text(config::serialize(settings())));
    }
    if (is_own() && !binary.valid()) {
        COHORT_TRY(binary, process::open_own_binary());
    }
    return {};
}

}  // namespace cohort::primary
