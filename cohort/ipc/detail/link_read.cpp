// The reading half of a link.
#include <cohort/ipc/detail/link.hpp>

#include <cohort/base/assert.hpp>

#include <boost/asio/post.hpp>

#include <array>
#include <memory>
#include <utility>

namespace cohort::ipc::detail {

namespace {

constexpr std::size_t read_bytes = 256U << 10U;

/// A turn ends after this much, so that one busy peer does not starve the loop.
constexpr std::size_t read_bytes_per_turn = 1U << 20U;

/// Two frames can have their descriptors here at once: the one whose end is being delivered and
/// the one that begins behind it. More means that somebody sends descriptors without frames.
constexpr std::size_t parcels_max = 2;

/// The read buffer of this thread, lent out for one turn. Channels share it because nothing stays
/// in it between turns; so an idle channel costs no buffer.
class read_buffer {
public:
    read_buffer()
        : bytes_{spare ? std::move(spare) : std::make_unique_for_overwrite<char[]>(read_bytes)}
    {}
    read_buffer(const read_buffer&) = delete;
    read_buffer& operator=(const read_buffer&) = delete;
    ~read_buffer() { spare = std::move(bytes_); }

    [[nodiscard]] std::span<char> room() noexcept { return {bytes_.get(), read_bytes}; }

private:
    inline static thread_local std::unique_ptr<char[]> spare;
    std::unique_ptr<char[]> bytes_;
};

}  // namespace

void link::start(const owner& self, channel::on_envelope take, channel::on_closed closed)
{
    COHORT_ASSERT(!started_);
    started_ = true;
    take_ = std::move(take);
    ended_ = std::move(closed);
    watch_readable(self);
}

void link::resume(const owner& self)
{
    paused_ = false;
    if (!started_ || closed_ || resume_posted_)
        return;
    resume_posted_ = true;
    asio::post(socket_.get_executor(), [this, self] {
        resume_posted_ = false;
        if (!may_deliver())
            return;
        in_turn_ = true;
        deliver_held();
        in_turn_ = false;
        if (!write_watched_)
            write_turn(self);
        watch_readable(self);
    });
}

void link::watch_readable(const owner& self)
{
    if (read_watched_ || !may_deliver())
        return;
    read_watched_ = true;
    socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this, self](error_code) {
        read_watched_ = false;
        if (may_deliver())
            read_turn(self);
    });
}

void link::read_turn(const owner& self)
{
    // Answers to what is delivered now leave in one write at the end.
    in_turn_ = true;
    read_some();
    in_turn_ = false;
    if (!write_watched_)
        write_turn(self);
    watch_readable(self);
}

void link::read_some()
{
    deliver_held();
    read_buffer common;
    std::size_t budget = read_bytes_per_turn;
    while (may_deliver() && budget != 0) {
        if (read_once(common.room(), budget) == after::wait)
            return;
    }
}

link::after link::read_once(std::span<char> common, std::size_t& budget)
{
    // The rest of a large body goes straight where it belongs; what follows it, to the buffer.
    const auto direct = in_.direct_room();
    std::array<iovec, 2> into;
    std::size_t pieces = 0;
    if (!direct.empty())
        into[pieces++] = iovec{.iov_base = direct.data(), .iov_len = direct.size()};
    into[pieces++] = iovec{.iov_base = common.data(), .iov_len = common.size()};

    const auto parcels_before = parcels_.size();
    const auto came =
        receive_some(socket_.native_handle(), std::span{into}.first(pieces), parcels_);
    if (!came) {
        // Whatever it was, this socket will not speak again.
        end(fault(make_error_code(errc::channel_closed), "receive on channel",
                  came.error().why().message()));
        return after::wait;
    }
    if (came->what == arrival::state::nothing_now)
        return after::wait;
    if (came->what == arrival::state::end) {
        end_of_stream();
        return after::wait;
    }
    if (parcels_.size() > parcels_max) {
        end(fault(make_error_code(errc::malformed), "receive on channel",
                  "descriptors that belong to no message"));
        return after::wait;
    }

    budget -= std::min(budget, came->bytes);
    const auto in_place = std::min(came->bytes, direct.size());
    if (in_place != 0)
        in_.filled(in_place);
    std::string_view bytes{common.data(), came->bytes - in_place};
    deliver(bytes);
    if (!closed_ && !bytes.empty()) {
        held_.assign(bytes);
        held_at_ = 0;
    }

    // A read stops at descriptors; otherwise a short one has emptied the socket.
    const bool stopped_at_cargo = parcels_.size() > parcels_before;
    const bool full = came->bytes == direct.size() + common.size();
    return full || stopped_at_cargo ? after::again : after::wait;
}

void link::deliver_held()
{
    if (held_at_ == held_.size())
        return;
    // Out of the way first: a callback may close us, and that clears held_.
    std::string held = std::exchange(held_, {});
    std::string_view bytes{held};
    bytes.remove_prefix(held_at_);
    deliver(bytes);
    if (!closed_ && !bytes.empty()) {
        held_at_ = held.size() - bytes.size();
        held_ = std::move(held);
    } else {
        held_at_ = 0;
    }
}

void link::deliver(std::string_view& bytes)
{
    while (may_deliver()) {
        switch (in_.next(bytes)) {
            case frame_decoder::found::need_more:
                return;
            case frame_decoder::found::broken:
                end(in_.broken());
                return;
            case frame_decoder::found::frame:
                if (auto wrong = deliver_frame()) {
                    end(std::move(wrong));
                    return;
                }
                break;
        }
    }
}

std::optional<fault> link::deliver_frame()
{
    const frame_header& header = in_.header();
    envelope what{header.kind, in_.take_body()};
    what.flags = header.flags;
    what.from = header.from;
    what.to = header.to;
    what.correlation = header.correlation;
    if (header.cargo != 0) {
        if (parcels_.empty())
            return fault(make_error_code(errc::malformed), "receive on channel",
                         "descriptors were announced and did not come");
        parcel came = std::move(parcels_.front());
        parcels_.pop_front();
        if (came.torn) {
            what.cargo_lost = header.cargo;
            counts_.cargo_lost += header.cargo;
        } else if (came.descriptors.size() != header.cargo) {
            return fault(make_error_code(errc::malformed), "receive on channel",
                         "more or fewer descriptors than announced");
        } else {
            what.cargo = std::move(came.descriptors);
        }
    }
    ++counts_.received;
    take_(std::move(what));
    return std::nullopt;
}

void link::end_of_stream()
{
    if (in_.inside() || !parcels_.empty())
        end(fault(make_error_code(errc::channel_closed), "receive on channel",
                  "in the middle of a message"));
    else
        end(std::nullopt);
}

void link::end(std::optional<fault> why)
{
    if (closed_)
        return;
    close();
    if (ended_)
        ended_(std::move(why));
}

}  // namespace cohort::ipc::detail
