#include <cohort/http/forms/form_data.hpp>

#include <cohort/async/offload.hpp>
#include <cohort/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cohort::http {

std::string_view form_part::text() const
{
    if (in_memory())
        return memory_;
    throw refusal{413, "Field too long"}
        .detail(fmt::format("form field `{}` is too long", name()))
        .member("parameter", name())
        .member("in", "form");
}

awaitable<result<std::string>> form_part::read(std::uint64_t offset, std::size_t bytes_max) const
{
    if (in_memory()) {
        const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, memory_.size()));
        co_return memory_.substr(from, bytes_max);
    }
    const auto work = [this, &offset, &bytes_max] { return spool_->read_at(offset, bytes_max); };
    auto bytes = co_await offload(work);
    co_return bytes;
}

awaitable<result<>> form_part::save(std::string path) const
{
    const auto work = [this, &path] {
        return in_memory() ? write_new_file(path, memory_) : spool_->save(path);
    };
    auto saved = co_await offload(work);
    co_return saved;
}

result<> form_part::spool(const std::string& folder)
{
    if (!spool_) {
        auto made = spool_file::create(folder);
        if (!made)
            return std::unexpected(std::move(made).error());
        spool_ = std::make_unique<spool_file>(std::move(*made));
    }
    auto written = spool_->append(memory_);
    if (written)
        memory_.clear();
    return written;
}

const form_part* form_data::find(std::string_view name) const noexcept
{
    for (const form_part& each : parts_) {
        if (each.name() == name)
            return &each;
    }
    return nullptr;
}

std::vector<const form_part*> form_data::find_all(std::string_view name) const
{
    std::vector<const form_part*> all;
    for (const form_part& each : parts_) {
        if (each.name() == name)
            all.push_back(&each);
    }
    return all;
}

const form_part& form_data::at(std::string_view name) const
{
    if (const form_part* const found = find(name); found != nullptr)
        return *found;
    throw refusal{422}
        .detail(fmt::format("form field `{}` is missing", name))
        .member("parameter", name)
        .member("in", "form");
}

}  // namespace cohort::http
