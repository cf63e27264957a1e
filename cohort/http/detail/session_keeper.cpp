#include <cohort/http/detail/session_keeper.hpp>

#include <cohort/crypto/base64.hpp>
#include <cohort/crypto/sha256.hpp>

#include <algorithm>
#include <utility>

namespace cohort::http::detail {

namespace {

constexpr std::size_t id_bytes = 32;

class in_store final : public session_keeper {
public:
    in_store(std::shared_ptr<session_store> store, const session_options& by)
        : store_{std::move(store)}, now_{by.now}, bytes_max_{by.bytes_max}
    {}

    std::expected<found_session, no_session> find(std::string_view text, std::int64_t now) override
    {
        auto id = crypto::from_base64url(text);
        if (!id || id->size() != id_bytes)
            return std::unexpected(no_session::malformed);
        const auto bytes = store_->get(crypto::sha256(*id), now);
        auto record = bytes ? session_record::read(*bytes) : std::nullopt;
        if (!record)
            return std::unexpected(no_session::unknown);
        return found_session{.id = std::move(*id), .record = std::move(*record)};
    }

    std::optional<session_record> find_again(std::string_view id, const session_record&,
                                             std::int64_t now) override
    {
        const auto bytes = store_->get(crypto::sha256(id), now);
        return bytes ? session_record::read(*bytes) : std::nullopt;
    }

    kept keep(std::string_view id, const session_record& record, std::int64_t until,
              how wanted) override
    {
        const auto key = crypto::sha256(id);
        const std::string bytes = record.write();
        const session_store::entry what{.bytes = bytes, .until = until};
        if (wanted == how::again)
            return {store_->replace(key, what, now_()), {}};
        return {store_->create(key, what, now_()), crypto::to_base64url(id)};
    }

    kept renew(std::string_view id, const session_record& found, const session_record& next,
               std::int64_t until) override
    {
        const std::string bytes = next.write();
        const session_store::entry what{.bytes = bytes, .until = until};
        return {store_->renew(crypto::sha256(id), found.write(), what, now_()), {}};
    }

    stored forget(std::string_view id) override
    {
        return store_->erase(crypto::sha256(id), now_());
    }

    [[nodiscard]] std::size_t bytes_max() const noexcept override
    {
        return std::min(bytes_max_, store_->bytes_max());
    }

private:
    std::shared_ptr<session_store> store_;
    date_clock now_;
    std::size_t bytes_max_;
};

class in_cookies final : public session_keeper {
public:
    in_cookies(const crypto::key_ring& keys, const session_options& by,
               std::size_t empty_line_bytes)
        : keys_{keys.keys_for("cohort session cookie 1")},
          cookie_{by.cookie},
          bytes_max_{std::min(by.bytes_max, room_in(empty_line_bytes))}
    {}

    std::expected<found_session, no_session> find(std::string_view text, std::int64_t) override
    {
        const auto sealed =
            text.size() <= cookie_bytes_max ? crypto::from_base64url(text) : std::nullopt;
        auto opened = sealed ? keys_.open(*sealed, cookie_) : std::nullopt;
        if (!opened || opened->plain.size() < id_bytes)
            return std::unexpected(no_session::malformed);
        const std::string_view plain = opened->plain;
        auto record = session_record::read(plain.substr(id_bytes));
        if (!record)
            return std::unexpected(no_session::malformed);
        return found_session{.id = std::string{plain.substr(0, id_bytes)},
                             .record = std::move(*record),
                             .by_old_key = opened->key > 0};
    }

    std::optional<session_record> find_again(std::string_view, const session_record& began_as,
                                             std::int64_t) override
    {
        return began_as;
    }

    kept keep(std::string_view id, const session_record& record, std::int64_t, how) override
    {
        const std::string plain = std::string{id} + record.write();
        return {stored::done, crypto::to_base64url(keys_.seal({.plain = plain, .place = cookie_}))};
    }

    kept renew(std::string_view id, const session_record&, const session_record& next,
               std::int64_t until) override
    {
        return keep(id, next, until, how::again);
    }

    stored forget(std::string_view) override { return stored::done; }

    [[nodiscard]] std::size_t bytes_max() const noexcept override { return bytes_max_; }

private:
    static std::size_t room_in(std::size_t empty_line_bytes)
    {
        const std::size_t letters = cookie_bytes_max - std::min(cookie_bytes_max, empty_line_bytes);
        const std::size_t bytes = letters * 3 / 4;
        return bytes - std::min(bytes, crypto::seal_overhead + id_bytes);
    }

    crypto::purpose_keys keys_;
    std::string cookie_;
    std::size_t bytes_max_;
};

}  // namespace

std::unique_ptr<session_keeper> keeper_in_store(std::shared_ptr<session_store> store,
                                                const session_options& by)
{
    return std::make_unique<in_store>(std::move(store), by);
}

std::unique_ptr<session_keeper> keeper_in_cookies(const crypto::key_ring& keys,
                                                  const session_options& by,
                                                  std::size_t empty_line_bytes)
{
    return std::make_unique<in_cookies>(keys, by, empty_line_bytes);
}

}  // namespace cohort::http::detail
