#pragma once
// Handlers that get what they asked for, checked:
//
//     api.post("/payments", http::valid(payment_schema, [](const http::request&, payment p) {…}));

#include <cohort/async/tokens.hpp>
#include <cohort/http/handler.hpp>
#include <cohort/http/response.hpp>
#include <cohort/http/validation/input.hpp>

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace cohort::http {

/// A handler whose further parameters are read and checked before it runs. Requests that do not fit
/// are answered with 415 (a body that is no JSON), 400 (malformed) or 422 (all mistakes at once).
/// Its route's documentation knows the shapes. A value.
template <class F, class... Inputs>
class valid_handler {
    using answer = std::invoke_result_t<const F&, request&, typename Inputs::value_type...>;

public:
    valid_handler(F function, std::tuple<Inputs...> inputs)
        : function_{std::move(function)}, inputs_{std::move(inputs)}
    {}

    answer operator()(request& of) const
    {
        if constexpr (std::same_as<answer, response>) {
            values all = read(of);
            return std::apply([&](auto&... each) { return function_(of, std::move(each)...); },
                              all);
        } else {
            return later(of);
        }
    }

    [[nodiscard]] route_notes notes() const
    {
        route_notes out;
        if constexpr (annotated<F>)
            out.add(function_.notes());
        std::apply([&](const Inputs&... each) { (each.note(out), ...); }, inputs_);
        return out;
    }

private:
    using values = std::tuple<typename Inputs::value_type...>;

    /// The values live here for as long as the handler runs, whether it takes or refers to them.
    awaitable<response> later(request& of) const
    {
        values all = read(of);
        awaitable<response> call =
            std::apply([&](auto&... each) { return function_(of, std::move(each)...); }, all);
        response result = co_await std::move(call);
        co_return result;
    }

    /// Into their place at once: values can be large, and none is moved.
    [[nodiscard]] values read(const request& of) const
    {
        complaints found;
        values all{};
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (std::get<I>(inputs_).read(of, found, std::get<I>(all)), ...);
        }(std::index_sequence_for<Inputs...>{});
        found.refuse_if_any();
        return all;
    }

    F function_;
    std::tuple<Inputs...> inputs_;
};

/// Several inputs of one handler: see given().
template <class... Inputs>
class given_inputs {
public:
    explicit given_inputs(Inputs... inputs)
        : inputs_{std::move(inputs)...}
    {}

    /// `function` takes the request and a value for each of them; plain or a coroutine.
    template <class F>
        requires std::is_invocable_v<const F&, request&, typename Inputs::value_type...>
    [[nodiscard]] valid_handler<F, Inputs...> then(F function) const
    {
        return {std::move(function), inputs_};
    }

private:
    std::tuple<Inputs...> inputs_;
};

/// `given(in_path(id_schema), in_query(filter_schema), in_body(payment_schema)).then(
/// [](const http::request&, id i, filter f, payment p) {…})`: all are read, and all their mistakes
/// are told in one answer.
template <class... Inputs>
[[nodiscard]] given_inputs<Inputs...> given(Inputs... inputs)
{
    return given_inputs<Inputs...>{std::move(inputs)...};
}

/// The body alone.
template <class Schema, class F>
[[nodiscard]] auto valid(const Schema& body, F function)
{
    return given(in_body(body)).then(std::move(function));
}

/// The query alone.
template <class T, class F>
[[nodiscard]] auto valid_query(const schema::object<T>& query, F function)
{
    return given(in_query(query)).then(std::move(function));
}

/// The path's parameters alone.
template <class T, class F>
[[nodiscard]] auto valid_path(const schema::object<T>& path, F function)
{
    return given(in_path(path)).then(std::move(function));
}

/// Header fields alone.
template <class T, class F>
[[nodiscard]] auto valid_headers(const schema::object<T>& headers, F function)
{
    return given(in_headers(headers)).then(std::move(function));
}

/// "application/json", written by its schema.
template <class Schema>
[[nodiscard]] response json_of(const Schema& what, const typename Schema::value_type& value,
                               unsigned status = 200)
{
    return make_response(status, "application/json", what.write(value));
}

}  // namespace cohort::http
