// How the page puts a request together, for curl and for itself.

#include <cohort/http/detail/openapi_page.hpp>

namespace cohort::http::detail {

namespace {

constexpr std::string_view script = R"js(
// One request, put together of what was typed.
const secrets = {};  // by the names of schemes; forgotten with the page
const schemes = () => (api.components || {}).securitySchemes || {};
const serverUrl = () => new URL(((api.servers || [])[0] || {}).url || '/', location.href);
const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
// The first scheme that `secret` has something for, and the header field that it makes.
const proof = (what, secret) => {
    for (const name of (what.security || api.security || []).flatMap(Object.keys)) {
        const scheme = resolve(schemes()[name] || {});
        const text = secret(name);
        if (!text) continue;
        if (scheme.type === 'apiKey') return scheme.in === 'header' && [scheme.name, text];
        if (scheme.scheme !== 'basic') return ['Authorization', 'Bearer ' + text];
        return ['Authorization', 'Basic ' + base64(text), text];
    }
    return undefined;
};
const targetOf = (path, inputs) => {
    let target = path;
    const query = new URLSearchParams();
    const headers = [];
    for (const [each, input] of inputs) {
        const value = input.value;
        if (each.in === 'path') {
            const parts = each['x-tail'] ? value.split('/') : [value];
            target = target.replace(`{${each.name}}`, parts.map(encodeURIComponent).join('/'));
        } else if (value !== '' && each.in === 'query') {
            const list = resolve(each.schema || {}).type === 'array';
            for (const one of list ? value.split(',') : [value]) query.append(each.name, one);
        } else if (value !== '' && each.in === 'header') {
            headers.push([each.name, value]);
        }
    }
    return { target: target + (query.size ? '?' + query : ''), headers };
};
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const curlBody = (type, body, media) => {
    const fields = Object.entries((media && resolve(media.schema || {}).properties) || {});
    if (!type) return [];
    if (type.startsWith('multipart/')) return fields.map(([name, field]) =>
        '-F ' + quoted(`${name}=${field.format === 'binary' ? '@file' : 'text'}`));
    if (type.endsWith('urlencoded')) return fields.map(([name]) =>
        '--data-urlencode ' + quoted(name + '=text'));
    return ['-H ' + quoted('Content-Type: ' + type),
        type.includes('json') ? '-d ' + quoted(body) : '--data-binary @file'];
};
const curlOf = (path, method, what, { inputs, type, body }) => {
    const { target, headers } = targetOf(path, inputs);
    const lines = [`curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}` +
        quoted(serverUrl().href.replace(/\/$/, '') + target)];
    for (const [name, value] of headers) lines.push('-H ' + quoted(`${name}: ${value}`));
    const shown = proof(what, (name) => '$' + name.toUpperCase().replace(/[^A-Z0-9]/g, '_'));
    if (shown) lines.push(shown[2] ? `-u "${shown[2]}"` : `-H "${shown.join(': ')}"`);
    lines.push(...curlBody(type, body, type && what.requestBody.content[type]));
    return lines.join(' \\\n    ');
};
const send = async (path, method, what, { inputs, type, body }, output) => {
    const { target, headers } = targetOf(path, inputs);
    const all = new Headers(headers);
    const shown = proof(what, (name) => secrets[name]);
    if (shown) all.set(shown[0], shown[1]);
    if (type) all.set('Content-Type', type);
    const server = serverUrl();
    const base = server.origin === location.origin ? server.pathname.replace(/\/$/, '') : '';
    output.hidden = false;
    output.textContent = '…';
    try {
        const answer = await fetch(base + target, { method: method.toUpperCase(), headers: all,
            body: type ? body : undefined });
        const text = (await answer.text()).slice(0, 100000);
        // Only what says the same when it is read and written: large numbers would not.
        let shownText = text;
        try {
            const value = JSON.parse(text);
            if (JSON.stringify(value) === text) shownText = pretty(value);
        } catch { /* not JSON: as it is */ }
        const fields = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
        output.textContent = `${answer.status} ${answer.statusText}\n${fields}\n\n${shownText}`;
    } catch (error) {
        output.textContent = String(error);
    }
};
)js";

}  // namespace

std::string_view page_script_of_requests() noexcept { return script; }

}  // namespace cohort::http::detail
