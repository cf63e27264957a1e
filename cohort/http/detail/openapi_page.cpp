// The script makes elements and texts, never markup: what a document says cannot become code.

#include <cohort/http/detail/openapi_page.hpp>

namespace cohort::http::detail {

namespace {

constexpr std::string_view top = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
)";

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --get: #1a7f37; --post: #0969da;
    --put: #9a6700; --delete: #cf222e; --patch: #8250df; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 small { font-size: 1rem; opacity: .7; }
h2 { border-bottom: 1px solid var(--line); margin-top: 2rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; }
summary { cursor: pointer; padding: .5rem .7rem; overflow-wrap: anywhere; }
details > div { padding: .2rem 1rem 1rem; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 700; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); }
.delete { color: var(--delete); } .patch { color: var(--patch); }
.gone { text-decoration: line-through; }
code, pre, input { font: .85rem/1.5 ui-monospace, monospace; }
pre { background: var(--soft); padding: .6rem; overflow: auto; max-height: 30rem;
    border-radius: .3rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; border-bottom: 1px solid var(--line); padding: .3rem .5rem .3rem 0;
    vertical-align: top; }
input { width: 100%; box-sizing: border-box; padding: .25rem; }
button { margin-top: .6rem; padding: .3rem 1rem; }
.required::after { content: " *"; color: var(--delete); }
)";

constexpr std::string_view middle = R"(
</head>
<body>
<main id="page"><p>Reading openapi.json …</p><noscript>This page needs its script.</noscript></main>
)";

constexpr std::string_view script = R"(
'use strict';
const make = (tag, options = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(options)) {
        if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
        else if (value !== undefined && value !== false) element.setAttribute(name, value);
    }
    element.append(...inside.filter((each) => each !== undefined && each !== ''));
    return element;
};
const pretty = (value) => JSON.stringify(value, null, 2);
const resolve = (api, value) => {
    let found = value;
    for (let hops = 0; found && found.$ref && hops < 8; ++hops) {
        found = found.$ref.slice(2).split('/').reduce((at, key) => at && at[key], api);
    }
    return found || value;
};
const shape = (api, schema) => {
    const name = schema.$ref && schema.$ref.split('/').pop();
    if (!name) return make('pre', {}, pretty(schema));
    return make('details', {}, make('summary', {}, make('code', {}, name)),
        make('div', {}, make('pre', {}, pretty(resolve(api, schema)))));
};
const bodies = (api, content = {}) => Object.entries(content).map(([type, media]) =>
    make('div', {}, make('code', {}, type), media.schema ? shape(api, media.schema) : ''));
const parameterTable = (parameters, inputs) => {
    const table = make('table');
    for (const each of parameters) {
        const input = make('input', { 'aria-label': each.name, placeholder: each.in });
        if (each.schema && each.schema.default !== undefined) {
            input.placeholder = String(each.schema.default);
        }
        inputs.push([each, input]);
        const { description, ...rules } = each.schema || {};
        table.append(make('tr', {},
            make('td', {}, make('code', { class: each.required && 'required' }, each.name),
                make('br'), each.in),
            make('td', {}, description || '', make('code', {}, JSON.stringify(rules))),
            make('td', {}, input)));
    }
    return table;
};
const send = async (base, path, inputs, output) => {
    let target = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const [each, input] of inputs) {
        const value = input.value;
        if (each.in === 'path') {
            target = target.replace('{' + each.name + '}', encodeURIComponent(value));
        } else if (value !== '' && each.in === 'query') {
            const list = each.schema && each.schema.type === 'array';
            for (const one of list ? value.split(',') : [value]) query.append(each.name, one);
        } else if (value !== '' && each.in === 'header') {
            headers[each.name] = value;
        }
    }
    const words = query.toString();
    output.textContent = '…';
    try {
        const url = base + target + (words && '?' + words);
        const answer = await fetch(url, { headers });
        const text = (await answer.text()).slice(0, 100000);
        let shown = text;
        try { shown = pretty(JSON.parse(text)); } catch { /* not JSON: as it is */ }
        output.textContent = `GET ${url}\n${answer.status} ${answer.statusText}\n` +
            `${answer.headers.get('content-type') || ''}\n\n${shown}`;
    } catch (error) {
        output.textContent = String(error);
    }
};
const trial = (api, path, inputs) => {
    const output = make('pre', { hidden: '' });
    const server = (api.servers && api.servers[0] && api.servers[0].url) || '';
    const base = server.startsWith('/') && server !== '/' ? server.replace(/\/$/, '') : '';
    const go = () => { output.hidden = false; send(base, path, inputs, output); };
    return make('div', {}, make('button', { type: 'button', onclick: go }, 'Try it'), output);
};
const operation = (api, path, method, what) => {
    const inputs = [];
    const parameters = (what.parameters || []).map((each) => resolve(api, each));
    const part = make('div', {}, what.description ? make('p', {}, what.description) : '');
    if (parameters.length) {
        part.append(make('h4', {}, 'Parameters'), parameterTable(parameters, inputs));
    }
    if (what.requestBody) {
        part.append(make('h4', {}, 'Body'), ...bodies(api, what.requestBody.content));
    }
    part.append(make('h4', {}, 'Answers'));
    for (const [status, each] of Object.entries(what.responses || {})) {
        const answer = resolve(api, each);
        part.append(make('p', {}, make('strong', {}, status), ' ', answer.description || ''),
            ...bodies(api, answer.content));
    }
    if (method === 'get') part.append(trial(api, path, inputs));
    return make('details', { id: what.operationId }, make('summary', {},
        make('span', { class: 'method ' + method }, method.toUpperCase()),
        make('code', { class: what.deprecated && 'gone' }, path), ' ', what.summary || ''), part);
};
const show = (api) => {
    document.title = api.info.title;
    const groups = new Map();
    for (const [path, item] of Object.entries(api.paths || {})) {
        for (const [method, what] of Object.entries(item)) {
            for (const tag of what.tags || ['Operations']) {
                if (!groups.has(tag)) groups.set(tag, []);
                groups.get(tag).push(operation(api, path, method, what));
            }
        }
    }
    const page = [make('h1', {}, api.info.title, ' ', make('small', {}, api.info.version)),
        make('p', {}, api.info.description || '', ' ',
            make('a', { href: 'openapi.json' }, 'openapi.json'))];
    for (const [tag, all] of groups) page.push(make('h2', {}, tag), ...all);
    page.push(make('h2', {}, 'Schemas'));
    for (const [name, schema] of Object.entries((api.components || {}).schemas || {})) {
        page.push(make('details', {}, make('summary', {}, make('code', {}, name)),
            make('div', {}, make('pre', {}, pretty(schema)))));
    }
    document.getElementById('page').replaceChildren(...page);
};
fetch('openapi.json').then((answer) => answer.json()).then(show).catch((error) => {
    document.getElementById('page').textContent = 'openapi.json: ' + error;
});
)";

constexpr std::string_view bottom = R"(
</body>
</html>
)";

}  // namespace

openapi_page openapi_page_parts() noexcept
{
    return {.top = top, .style = style, .middle = middle, .script = script, .bottom = bottom};
}

}  // namespace cohort::http::detail
