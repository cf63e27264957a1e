#include <cohort/dashboard/metrics_page.hpp>

#include <cohort/observe/exposition.hpp>

namespace cohort::dashboard {

metrics_page::metrics_page(const board::segment& of)
    : reader_{observe::metric_reader::of(of.commons())}
{}

result<std::string> metrics_page::text(observe::exposition_format as)
{
    if (!reader_)
        return std::unexpected(reader_.error());
    const std::lock_guard alone{mutex_};
    return observe::expose(reader_->read(), as);
}

}  // namespace cohort::dashboard
