#include <cohort/http/sessions/user_session.hpp>

#include <cohort/base/error.hpp>
#include <cohort/crypto/random_bytes.hpp>
#include <cohort/crypto/sha256.hpp>

#include <algorithm>
#include <stdexcept>

namespace cohort::http {

namespace {

constexpr std::size_t id_bytes = 32;

auto find(session_record& in, std::string_view name)
{
    return std::ranges::find(in.values, name,
                             [](const auto& each) -> std::string_view { return each.first; });
}

}  // namespace

std::optional<std::string_view> user_session::get(std::string_view name) const
{
    work_->used = true;
    const auto at = find(work_->record, name);
    return at == work_->record.values.end() ? std::nullopt
                                            : std::optional<std::string_view>{at->second};
}

void user_session::set(std::string_view name, std::string_view value)
{
    begin();
    session_record& record = work_->record;
    const auto at = find(record, name);
    const bool known = at != record.values.end();
    const std::size_t others =
        record.size() - (known ? at->second.size() : 0) + (known ? 0 : name.size() + 8);
    if (value.size() > work_->bytes_max || others > work_->bytes_max - value.size())
        throw failure{
            fault(make_error_code(errc::too_large), "set session value", std::string{name})};
    if (known)
        at->second = value;
    else
        record.values.emplace_back(name, value);
    work_->changed = true;
}

void user_session::erase(std::string_view name)
{
    work_->used = true;
    const auto at = find(work_->record, name);
    if (at == work_->record.values.end())
        return;
    work_->record.values.erase(at);
    work_->changed = true;
}

void user_session::regenerate()
{
    begin();
    work_->id = crypto::random_bytes(id_bytes);
    work_->changed = true;
}

void user_session::destroy()
{
    work_->used = true;
    work_->record.values.clear();
    work_->id.clear();
    work_->destroyed = true;
}

std::string user_session::binding()
{
    begin();
    return std::string{crypto::sha256("cohort session binding 1" + work_->id).view()};
}

void user_session::begin()
{
    work_->used = true;
    if (!work_->id.empty())
        return;
    work_->id = crypto::random_bytes(id_bytes);
    work_->changed = true;
}

user_session session_of(const request& of)
{
    const user_session* found = of.attached<user_session>();
    if (found == nullptr)
        throw std::logic_error{"no sessions() around this route"};
    return *found;
}

}  // namespace cohort::http
