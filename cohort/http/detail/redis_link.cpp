#include <cohort/http/detail/redis_link.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include <fcntl.h>

#include <tuple>
#include <utility>

namespace cohort::http::detail {

namespace {

using wait_type = asio::posix::stream_descriptor::wait_type;

/// One coroutine that waits for one answer; shared with hiredis' callback.
struct waiter {
    explicit waiter(const asio::any_io_executor& loop)
        : until{loop}
    {}
    asio::steady_timer until;
    bool done = false;
    redis_answer answer;
};

redis_answer read(const redisReply* reply)
{
    redis_answer made;
    if (reply == nullptr)
        return made;
    made.is = redis_answer::kind::other;
    if (reply->type == REDIS_REPLY_ERROR) {
        made.is = redis_answer::kind::error;
        made.text.assign(reply->str, reply->len);
    } else if (reply->type == REDIS_REPLY_ARRAY) {
        made.is = redis_answer::kind::numbers;
        for (std::size_t i = 0; i < reply->elements; ++i) {
            if (reply->element[i]->type != REDIS_REPLY_INTEGER)
                made.is = redis_answer::kind::other;
            made.numbers.push_back(reply->element[i]->integer);
        }
    }
    return made;
}

class hiredis_link final : public redis_link {
public:
    hiredis_link(const asio::any_io_executor& loop, redisAsyncContext* context)
        : loop_{loop}, descriptor_{loop, context->c.fd}, context_{context}
    {
        context_->ev.data = this;
        context_->ev.addRead = [](void* self) {
            of(self).want(of(self).reads_, wait_type::wait_read);
        };
        context_->ev.delRead = [](void* self) { of(self).reads_.wanted = false; };
        context_->ev.addWrite = [](void* self) {
            of(self).want(of(self).writes_, wait_type::wait_write);
        };
        context_->ev.delWrite = [](void* self) { of(self).writes_.wanted = false; };
        context_->ev.cleanup = [](void* self) { of(self).let_go(); };
    }
    hiredis_link(const hiredis_link&) = delete;
    hiredis_link& operator=(const hiredis_link&) = delete;
    ~hiredis_link() override { drop(); }

    /// Who waits for this connection owns it: the loop's waits, and coroutines that ask.
    /// Order: once, before anything else.
    void owned_as(std::weak_ptr<hiredis_link> self) noexcept { self_ = std::move(self); }

    [[nodiscard]] bool alive() const noexcept override { return context_ != nullptr; }

    bool send(const std::vector<std::string>& words, std::shared_ptr<waiter> who)
    {
        std::vector<const char*> starts;
        std::vector<std::size_t> lengths;
        for (const std::string& each : words) {
            starts.push_back(each.data());
            lengths.push_back(each.size());
        }
        if (context_ == nullptr)
            return false;
        auto* const kept = new std::shared_ptr<waiter>(std::move(who));
        ++unanswered_;
        if (::redisAsyncCommandArgv(context_, answered, kept, static_cast<int>(starts.size()),
                                    starts.data(), lengths.data()) == REDIS_OK)
            return true;
        --unanswered_;
        delete kept;
        return false;
    }

    awaitable<result<redis_answer>> ask(std::vector<std::string> words,
                                        std::chrono::nanoseconds patience) override
    {
        // What follows may be the last to know of this connection.
        const auto self = self_.lock();
        auto who = std::make_shared<waiter>(loop_);
        if (unanswered_ >= waiting_max)
            co_return failed(errc::queue_full, "ask Redis");
        if (!send(words, who))
            co_return redis_answer{};
        who->until.expires_after(patience);
        error_code ended;
        if (!who->done)
            std::tie(ended) = co_await who->until.async_wait(use_tuple);
        if (who->done)
            co_return std::move(who->answer);
        if (ended) {
            give_up_later(self, std::move(who));
            co_return failed(errc::cancelled, "wait for Redis");
        }
        // Its answer would be late, and those behind it later still.
        drop();
        co_return failed(errc::deadline_passed, "wait for Redis");
    }

private:
    struct direction {
        bool wanted = false;
        bool waits = false;
    };

    /// Whoever asked has gone. The others, and the connection, are no worse for it: the answer
    /// comes to nobody, in its turn. If it does not come in time, that is said as before.
    static void give_up_later(std::shared_ptr<hiredis_link> self, std::shared_ptr<waiter> who)
    {
        if (!self)
            return;
        waiter& one = *who;
        one.until.async_wait([self = std::move(self), who = std::move(who)](error_code ec) {
            if (!ec && !who->done)
                self->drop();
        });
    }

    static hiredis_link& of(void* self) noexcept { return *static_cast<hiredis_link*>(self); }

    static void answered(redisAsyncContext* context, void* reply, void* whose)
    {
        --of(context->ev.data).unanswered_;
        const std::unique_ptr<std::shared_ptr<waiter>> who{
            static_cast<std::shared_ptr<waiter>*>(whose)};
        waiter& one = **who;
        one.answer = read(static_cast<const redisReply*>(reply));
        one.done = true;
        one.until.cancel();
    }

    void want(direction& which, wait_type what)
    {
        which.wanted = true;
        // No owner: it is going away, and must not be kept.
        auto self = self_.lock();
        if (which.waits || !self || !descriptor_.is_open())
            return;
        which.waits = true;
        descriptor_.async_wait(what, [self = std::move(self), &which, what](error_code ec) {
            which.waits = false;
            if (ec || !which.wanted || self->context_ == nullptr)
                return;
            if (what == wait_type::wait_read)
                ::redisAsyncHandleRead(self->context_);
            else
                ::redisAsyncHandleWrite(self->context_);
            if (which.wanted && self->context_ != nullptr)
                self->want(which, what);
        });
    }

    void drop() noexcept
    {
        if (redisAsyncContext* const old = std::exchange(context_, nullptr))
            ::redisAsyncFree(old);
    }

    /// hiredis closes the descriptor itself, after this.
    void let_go() noexcept
    {
        context_ = nullptr;
        reads_.wanted = writes_.wanted = false;
        if (descriptor_.is_open())
            static_cast<void>(descriptor_.release());
    }

    asio::any_io_executor loop_;
    asio::posix::stream_descriptor descriptor_;
    redisAsyncContext* context_;
    direction reads_;
    direction writes_;
    std::size_t unanswered_ = 0;  // commands; whoever waited may have gone
    std::weak_ptr<hiredis_link> self_;
};

}  // namespace

result<std::shared_ptr<redis_link>> redis_link::connect(const asio::any_io_executor& loop,
                                                        const redis_options& to)
{
    redisAsyncContext* const made = to.unix_path.empty()
                                        ? ::redisAsyncConnect(to.address.c_str(), to.port)
                                        : ::redisAsyncConnectUnix(to.unix_path.c_str());
    if (made == nullptr || made->err != 0) {
        std::string why = made == nullptr ? "out of memory" : made->errstr;
        if (made != nullptr)
            ::redisAsyncFree(made);
        return failed(errc::answer_failed, "connect to Redis:", std::move(why));
    }
    static_cast<void>(::fcntl(made->c.fd, F_SETFD, FD_CLOEXEC));
    auto link = std::make_shared<hiredis_link>(loop, made);
    link->owned_as(link);
    // A first command makes hiredis wait for the connection, which also keeps the link.
    if (!to.password.empty() && !link->send({"AUTH", to.password}, std::make_shared<waiter>(loop)))
        return failed(errc::answer_failed, "log in to Redis");
    return std::shared_ptr<redis_link>{std::move(link)};
}

}  // namespace cohort::http::detail
