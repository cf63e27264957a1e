#include <cohort/http/detail/openapi_page.hpp>

#include <utility>

namespace cohort::http::detail {

namespace {

// The icon is nothing at all: browsers would ask for one otherwise.
constexpr std::string_view top = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="icon" href="data:,">
)";

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --faint: #59636e; --line: #d0d7de;
    --soft: #f3f5f7; --link: #0550ae; --get: #116329; --post: #0550ae; --put: #7d4e00;
    --patch: #6639ba; --delete: #a40e26; }
@media (prefers-color-scheme: dark) {
    :root { --page: #0d1117; --ink: #e6edf3; --faint: #9198a1; --line: #30363d; --soft: #161b22;
        --link: #79c0ff; --get: #56d364; --post: #79c0ff; --put: #e3b341; --patch: #d2a8ff;
        --delete: #ff7b72; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink);
    font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
nav ul { list-style: none; margin: .2rem 0 .8rem; padding: 0; }
nav a { display: block; padding: .15rem 0; overflow-wrap: anywhere; text-decoration: none; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1 small, .faint { color: var(--faint); font-size: .875rem; font-weight: 400; }
h2 { border-bottom: 1px solid var(--line); margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { margin: .4rem 0; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; }
summary { cursor: pointer; padding: .5rem .7rem; overflow-wrap: anywhere; }
details[open] > summary { border-bottom: 1px solid var(--line); background: var(--soft); }
details > div { padding: .3rem .8rem .8rem; }
.method { display: inline-block; min-width: 4.2rem; font: 700 .8rem ui-monospace, monospace;
    color: var(--ink); }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); }
.patch { color: var(--patch); } .delete { color: var(--delete); }
.gone { text-decoration: line-through; }
.required::after { content: " *"; color: var(--delete); }
.anchor { margin-left: .5rem; text-decoration: none; }
code, pre, textarea, .mono { font: .85rem/1.5 ui-monospace, monospace; }
pre { background: var(--soft); padding: .6rem; overflow: auto; max-height: 30rem; margin: .4rem 0;
    border-radius: .3rem; white-space: pre-wrap; overflow-wrap: anywhere; }
input, textarea, select { width: 100%; padding: .4rem; font-size: 1rem; background: var(--page);
    color: inherit; border: 1px solid var(--faint); border-radius: .3rem; }
textarea { resize: vertical; }
button { padding: .4rem 1rem; font: inherit; background: var(--soft); color: inherit;
    border: 1px solid var(--faint); border-radius: .3rem; cursor: pointer; }
.row { padding: .4rem 0; border-bottom: 1px solid var(--line); }
.row:last-child { border: 0; }
.row p { margin: 0; }
.inner { margin-left: .8rem; }
[hidden] { display: none; }
@media (min-width: 45rem) {
    .asked { display: grid; grid-template-columns: 12rem 1fr 14rem; gap: .8rem;
        align-items: start; }
}
@media (min-width: 70rem) {
    .sided { display: grid; grid-template-columns: 17rem minmax(0, 60rem); gap: 2rem;
        max-width: 82rem; }
    .sided > main { width: 100%; margin: 0; }
    .sided > nav { position: sticky; top: 0; max-height: 100vh; overflow: auto;
        padding: 1rem 0 1rem 1rem; align-self: start; }
}
@media (max-width: 69.99rem) { nav { display: none; } }
@media print { nav, button, .filter { display: none; } }
)";

constexpr std::string_view middle = R"(
</head>
<body>
<main id="page"><p>Reading openapi.json …</p>
<noscript>This page needs its script.</noscript></main>
)";

constexpr std::string_view bottom = R"(
</body>
</html>
)";

}  // namespace

openapi_page openapi_page_parts()
{
    std::string script{page_script_of_schemas()};
    script += page_script_of_requests();
    script += page_script_of_operations();
    return {.top = top,
            .style = style,
            .middle = middle,
            .script = std::move(script),
            .bottom = bottom};
}

}  // namespace cohort::http::detail
