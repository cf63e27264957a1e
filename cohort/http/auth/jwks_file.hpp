#pragma once

#include <cohort/base/clock.hpp>
#include <cohort/base/error.hpp>
#include <cohort/http/auth/jwks.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace cohort::http {

/// A JWK Set in a file that somebody renews: an agent, a cron job, a mounted secret. A resource;
/// any thread.
///
/// At most once a second, when a token is verified, it is looked whether the file is another one;
/// so a key that was just added is known before its first token is a second old. What is no key
/// set is not taken: the old keys stay, which is said once in the log.
class jwks_file {
public:
    using clock = std::function<steady_time()>;

    /// Errors: those of open(2) and of read_jwks().
    [[nodiscard]] static result<std::shared_ptr<jwks_file>>
    open(std::string path, jwks_options more = {}, clock when = cohort::now);
    /// The keys of now. Never null.
    [[nodiscard]] std::shared_ptr<const public_keys> current();

    /// How often the file was read anew, and how often what was in it could not be used.
    [[nodiscard]] std::uint64_t reloads() const noexcept { return reloads_; }
    [[nodiscard]] std::uint64_t refusals() const noexcept { return refusals_; }

private:
    /// Which file had the name, and whether somebody wrote into it.
    struct mark {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t bytes = -1;
        std::int64_t changed_ns = 0;
        friend bool operator==(const mark&, const mark&) = default;
    };

    jwks_file(std::string path, jwks_options more, clock when)
        : path_{std::move(path)}, more_{more}, when_{std::move(when)}
    {}
    [[nodiscard]] mark look() const noexcept;
    [[nodiscard]] result<public_keys> read() const;
    void renew();

    const std::string path_;
    const jwks_options more_;
    const clock when_;
    std::mutex mutex_;
    std::shared_ptr<const public_keys> keys_;
    mark seen_;
    steady_time next_look_;
    std::atomic<std::uint64_t> reloads_{0};
    std::atomic<std::uint64_t> refusals_{0};
};

}  // namespace cohort::http
