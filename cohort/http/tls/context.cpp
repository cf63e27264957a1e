#include <cohort/http/tls/context.hpp>

#include <cohort/async/lanes.hpp>
#include <cohort/base/try.hpp>
#include <cohort/http/tls/alpn.hpp>
#include <cohort/http/tls/generation.hpp>
#include <cohort/http/tls/ticket_keys.hpp>
#include <cohort/observe/log.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <openssl/ssl.h>

#include <new>
#include <utility>

namespace cohort::http::tls {

result<std::shared_ptr<context>> context::load(options wanted)
{
    if (wanted.tickets == ticket_secret{})
        wanted.tickets = ticket_secret::make(wanted.clock());
    if (wanted.handshake < seconds{1})
        return failed(errc::bad_value, "set up TLS", "(a handshake must be given a second)");
    COHORT_TRY(std::shared_ptr<const generation> first,
               generation::read(wanted, std::make_shared<ticket_keys>(wanted.tickets)));
    wanted.tickets = {};  // the keys move on from it, and nobody shall find where they began
    return std::make_shared<context>(std::move(wanted), std::move(first));
}

context::context(options wanted, std::shared_ptr<const generation> first)
    : options_{std::make_shared<const options>(std::move(wanted))},
      tickets_{first->tickets},
      now_{std::move(first)}
{}

context::~context() = default;

std::unique_ptr<stream> context::begin(int socket, protocols spoken)
{
    SSL* const fresh = SSL_new(now_->contexts.front().get());
    if (fresh == nullptr)
        throw std::bad_alloc{};
    // For OpenSSL's callbacks: the stream keeps what they look at.
    SSL_set_app_data(fresh, const_cast<generation*>(now_.get()));
    offer(fresh, spoken);
    return std::make_unique<stream>(fresh, socket, now_);
}

result<> context::reload()
{
    COHORT_TRY(now_, generation::read(*options_, tickets_));
    refused_.clear();
    errand_.reset();  // what it brings may be older
    return {};
}

void context::look_at_files(boost::asio::io_context& loop)
{
    stamps seen = stamps_of(*options_);
    if (errand_ || seen == now_->stamps || seen == refused_)
        return;
    // A disk that is slow, or keys that are large, must not stop the loop.
    errand_ = std::make_shared<const int>();
    auto read = [this, &loop, errand = std::weak_ptr{errand_}, wanted = options_,
                 tickets = tickets_, seen = std::move(seen)]() mutable noexcept {
        auto fresh = generation::read(*wanted, std::move(tickets));
        boost::asio::post(loop, [this, errand = std::move(errand), fresh = std::move(fresh),
                                 seen = std::move(seen)]() mutable {
            if (!errand.expired())
                come_back(std::move(fresh), std::move(seen));
        });
    };
    if (!lanes::of(loop).run(std::move(read)))
        errand_.reset();  // too much to do: in a minute
}

void context::come_back(result<std::shared_ptr<const generation>> fresh, stamps seen)
{
    errand_.reset();
    if (!fresh) {
        log::error("TLS certificates were not read again: {}; we go on with the old ones",
                   fresh.error().text());
        refused_ = std::move(seen);
        return;
    }
    now_ = *std::move(fresh);
    refused_.clear();
    for (const std::string& warning : now_->warnings)
        log::warn("{}", warning);
    log::info("TLS certificates were read again; new connections get them");
}

const std::vector<std::string>& context::warnings() const noexcept { return now_->warnings; }

const std::vector<certificate_life>& context::certificates() const noexcept { return now_->lives; }

void context::tell_of_ends(std::int64_t now)
{
    for (const expiry_watch::news& each : ends_.look(now_->lives, now)) {
        const std::string& file = each.of->file;
        const std::int64_t at = each.of->not_after;
        if (each.what == expiry_watch::outlook::expired)
            log::error({{"certificate", file}, {"notAfter", at}, {"daysAgo", each.days}},
                       "the TLS certificate {} has expired: clients refuse it; put a new one there",
                       file);
        else
            log::warn({{"certificate", file}, {"notAfter", at}, {"daysLeft", each.days}},
                      "the TLS certificate {} expires in {} day{}; put a new one there", file,
                      each.days, each.days == 1 ? "" : "s");
    }
}

}  // namespace cohort::http::tls
