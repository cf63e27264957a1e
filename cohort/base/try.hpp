#pragma once
// Passing a failure on, as a statement:
//
//     COHORT_TRY(auto socket, open_socket(where));      // declares `socket`
//     COHORT_TRY(bind(socket));                          // a result<> with nothing to keep
//     COHORT_CO_TRY(auto message, co_await receive());   // the same inside a coroutine
//
// Statements, not expressions: GCC 12 cannot compile a statement expression around co_await.

#include <cohort/base/error.hpp>

#define COHORT_DETAIL_JOIN2(a, b) a##b
#define COHORT_DETAIL_JOIN(a, b) COHORT_DETAIL_JOIN2(a, b)
#define COHORT_DETAIL_PICK(_1, _2, name, ...) name

#define COHORT_DETAIL_TRY1(leave, held, call)                                                      \
    auto held = call;                                                                              \
    if (!held)                                                                                     \
    leave std::unexpected(std::move(held).error())

#define COHORT_DETAIL_TRY2(leave, held, target, call)                                              \
    auto held = call;                                                                              \
    if (!held)                                                                                     \
        leave std::unexpected(std::move(held).error());                                            \
    target = *std::move(held)

#define COHORT_DETAIL_RETURN1(call)                                                                \
    COHORT_DETAIL_TRY1(return, COHORT_DETAIL_JOIN(tried_, __LINE__), call)
#define COHORT_DETAIL_RETURN2(target, call)                                                        \
    COHORT_DETAIL_TRY2(return, COHORT_DETAIL_JOIN(tried_, __LINE__), target, call)
#define COHORT_DETAIL_CO_RETURN1(call)                                                             \
    COHORT_DETAIL_TRY1(co_return, COHORT_DETAIL_JOIN(tried_, __LINE__), call)
#define COHORT_DETAIL_CO_RETURN2(target, call)                                                     \
    COHORT_DETAIL_TRY2(co_return, COHORT_DETAIL_JOIN(tried_, __LINE__), target, call)

#define COHORT_TRY(...)                                                                            \
    COHORT_DETAIL_PICK(__VA_ARGS__, COHORT_DETAIL_RETURN2, COHORT_DETAIL_RETURN1, )(__VA_ARGS__)
#define COHORT_CO_TRY(...)                                                                         \
    COHORT_DETAIL_PICK(__VA_ARGS__, COHORT_DETAIL_CO_RETURN2, COHORT_DETAIL_CO_RETURN1, )          \
    (__VA_ARGS__)
