#include <cohort/base/error.hpp>

#include <fmt/format.h>

namespace cohort {

namespace {

class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "cohort"; }

    std::string message(int code) const override
    {
        switch (static_cast<errc>(code)) {
            case errc::channel_closed:
                return "the peer hung up";
            case errc::board_layout_mismatch:
                return "shared memory written by another build";
            case errc::deadline_passed:
                return "deadline passed";
            case errc::cancelled:
                return "cancelled";
            case errc::stopping:
                return "the process is stopping";
            case errc::queue_full:
                return "the queue is full";
            case errc::too_large:
                return "too large";
            case errc::malformed:
                return "malformed";
            case errc::bad_value:
                return "not an allowed value";
            case errc::no_such_worker:
                return "no such worker";
            case errc::threads_running:
                return "other threads are running";
            case errc::worker_gone:
                return "the worker is gone";
            case errc::not_supported:
                return "not supported here";
            case errc::answer_failed:
                return "the other side could not answer";
            case errc::circuit_open:
                return "calls there fail too often, and none is made for a while";
        }
        return "unknown reason";
    }
};

}  // namespace

error_code make_error_code(errc code) noexcept
{
    static const category ours;
    return {static_cast<int>(code), ours};
}

std::string fault::text() const
{
    if (subject_.empty())
        return fmt::format("{}: {}", doing_, why_.message());
    return fmt::format("{} {}: {}", doing_, subject_, why_.message());
}

}  // namespace cohort
