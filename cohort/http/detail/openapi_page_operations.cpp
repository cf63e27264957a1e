// How the page shows all there is.

#include <cohort/http/detail/openapi_page.hpp>

namespace cohort::http::detail {

namespace {

constexpr std::string_view script = R"js(
const copyOf = (source) => {
    const button = make('button', { type: 'button', 'aria-live': 'polite' }, 'Copy');
    button.addEventListener('click', async () => {
        getSelection().selectAllChildren(source);
        try { await navigator.clipboard.writeText(source.textContent); }
        catch { document.execCommand('copy'); }  // not over plain http
        button.textContent = 'Copied';
        setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
    return button;
};
const parameterRow = (each, inputs) => {
    const schema = each.schema || {};
    const known = resolve(schema);
    const guess = each.required && (!known.pattern || known.examples);
    const value = guess ? sample(schema) : '';
    const input = make('input', { 'aria-label': each.name, value: String(value ?? ''),
        placeholder: String(resolve(schema).default ?? ''), autocomplete: 'off' });
    inputs.push([each, input]);
    return make('div', { class: 'row asked' },
        make('p', {}, make('code', { class: each.required && 'required' }, each.name),
            make('br'), make('span', { class: 'faint' }, each.in)),
        make('div', {}, make('p', {}, ...facts(schema)), ...words(each.description)), input);
};
const bodies = (content = {}) => Object.entries(content).flatMap(([type, { schema }]) =>
    schema && schema.$ref
        ? [lazy([make('span', { class: 'faint' }, type), ' ', code(nameOf(schema))],
            () => view(resolve(schema)))]
        : [make('p', { class: 'faint' }, type), ...(schema ? view(schema) : [])]);
const answerPart = ([status, each]) => {
    const answer = resolve(each);
    const fields = Object.entries(answer.headers || {}).map(([name, field]) => make('p',
        { class: 'inner' }, code(name), ' ', ...inline(resolve(field).description || '')));
    return make('div', { class: 'row answer' }, make('p', {}, make('strong', {}, status), ' ',
        ...inline(answer.description || '')), ...fields,
        make('div', { class: 'inner' }, ...bodies(answer.content)));
};
const trial = (path, method, what, inputs) => {
    const content = (what.requestBody || {}).content || {};
    const [type] = Object.keys(content);
    const area = make('textarea', { 'aria-label': 'Body', spellcheck: 'false' });
    const json = type && type.includes('json');
    if (json) area.value = pretty(exampleOf(content[type]));
    area.rows = Math.min(area.value.split('\n').length, 24);
    const now = () => ({ inputs, type, body: area.value });
    const line = make('pre', { class: 'curl', tabindex: '0' });
    const update = () => { line.textContent = curlOf(path, method, what, now()); };
    for (const input of [...inputs.map(([, input]) => input), area]) {
        input.addEventListener('input', update);
    }
    update();
    const output = make('pre', { class: 'output', hidden: '', tabindex: '0',
        'aria-live': 'polite' });
    const go = make('button', { type: 'button', class: 'send',
        onclick: () => send(path, method, what, now(), output) }, 'Send');
    return [make('h3', {}, 'Request'), ...(json ? [area] : []), line,
        make('p', {}, copyOf(line), ' ', ...(!type || json ? [go] : [])), output];
};
const operation = (path, method, what) => {
    const inputs = [];
    const parameters = (what.parameters || []).map(resolve);
    const parts = words(what.description);
    const ways = (what.security || []).flatMap((each) => Object.keys(each)).join(' or ');
    if (ways) parts.push(make('p', { class: 'faint' }, 'Asks for ', code(ways),
        ...(what['x-permission'] ? [' and the permission ', code(what['x-permission'])] : [])));
    if (parameters.length) parts.push(make('h3', {}, 'Parameters'),
        ...parameters.map((each) => parameterRow(each, inputs)));
    if (what.requestBody) parts.push(make('h3', {}, 'Body'), ...bodies(what.requestBody.content));
    parts.push(...trial(path, method, what, inputs), make('h3', {}, 'Answers'),
        ...Object.entries(what.responses || {}).map(answerPart));
    return parts;
};

// The page.
const methods = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace'];
const labelOf = (path, method, what) => [
    make('span', { class: 'method ' + method }, method.toUpperCase()),
    make('code', { class: what.deprecated && 'gone' }, path), ' ', what.summary || ''];
const groupsOf = () => {
    const groups = new Map((api.tags || []).map((tag) => [tag.name, []]));
    for (const [path, item] of Object.entries(api.paths || {})) {
        for (const method of methods.filter((each) => item[each])) {
            const what = { ...item[method],
                parameters: [...(item.parameters || []), ...(item[method].parameters || [])] };
            for (const [nth, tag] of (what.tags || ['Operations']).entries()) {
                if (!groups.has(tag)) groups.set(tag, []);
                groups.get(tag).push({ path, method, what, first: nth === 0 });
            }
        }
    }
    return [...groups].filter(([, all]) => all.length);
};
const operationPart = ({ path, method, what, first }) => {
    const anchor = make('a', { class: 'anchor', href: '#' + what.operationId,
        'aria-label': 'Link to ' + what.operationId }, '#');
    const part = lazy([...labelOf(path, method, what), anchor],
        () => operation(path, method, what), { class: 'operation', id: first && what.operationId });
    part.words = `${method} ${path} ${what.summary || ''} ${what.operationId} ${what.tags || ''}`
        .toLowerCase();
    part.addEventListener('toggle', () => {
        if (part.open && part.id) history.replaceState(null, '', '#' + part.id);
    });
    return part;
};
const filter = (sections) => {
    const count = make('span', { class: 'faint', role: 'status' });
    const input = make('input', { type: 'search', class: 'filter', 'aria-label': 'Filter',
        placeholder: 'Filter: press /', autocomplete: 'off' });
    input.addEventListener('input', () => {
        const wanted = input.value.toLowerCase().split(/\s+/);
        let found = 0;
        for (const section of sections) {
            const parts = [...section.querySelectorAll('.operation')];
            for (const part of parts) {
                part.hidden = !wanted.every((word) => part.words.includes(word));
                found += part.hidden ? 0 : 1;
            }
            section.hidden = parts.every((part) => part.hidden);
        }
        count.textContent = input.value && `${found} found`;
    });
    document.addEventListener('keydown', (event) => {
        const typing = /INPUT|TEXTAREA|SELECT/.test(event.target.tagName);
        if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            input.focus();
        }
    });
    return make('p', {}, input, count);
};
const secretInputs = () => Object.entries(schemes()).map(([name, each]) => {
    const scheme = resolve(each);
    return make('div', { class: 'row asked' }, make('p', {}, code(name), make('br'),
        make('span', { class: 'faint' }, scheme.scheme || scheme.name || scheme.type)),
    make('div', {}, ...words(scheme.description)),
    make('input', { type: 'password', autocomplete: 'off', 'aria-label': name,
        placeholder: scheme.scheme === 'basic' ? 'name:password' : '',
        oninput: (event) => { secrets[name] = event.target.value; } }));
});
const openTarget = () => {
    let part = null;
    try { part = document.getElementById(decodeURIComponent(location.hash.slice(1))); }
    catch { /* a hash that is no encoding names nothing */ }
    if (!part || part.tagName !== 'DETAILS') return;
    part.open = true;
    part.fill();
    part.scrollIntoView();
    part.firstElementChild.focus({ preventScroll: true });
};
const show = () => {
    document.title = api.info.title;
    const groups = groupsOf();
    const about = new Map((api.tags || []).map((tag) => [tag.name, tag.description]));
    const sections = groups.map(([tag, all]) => make('section', {}, make('h2', {}, tag),
        ...words(about.get(tag)), ...all.map(operationPart)));
    const schemas = Object.entries((api.components || {}).schemas || {}).map(([name, schema]) =>
        lazy([code(name)], () => [...view(schema), lazy(['JSON Schema'],
            () => [make('pre', {}, pretty(schema))])], { id: 'schema-' + name, class: 'schema' }));
    const page = make('main', {}, make('h1', {}, api.info.title, ' ',
        make('small', {}, api.info.version)), ...words(api.info.description),
    make('p', {}, make('a', { href: 'openapi.json' }, 'openapi.json')), filter(sections));
    if (Object.keys(schemes()).length) page.append(lazy(['Credentials for requests from this page'],
        secretInputs, { class: 'credentials' }));
    page.append(...sections, make('section', {}, make('h2', {}, 'Schemas'), ...schemas));
    const links = groups.flatMap(([tag, all]) => [make('strong', {}, tag), make('ul', {},
        ...all.map(({ path, method, what }) => make('li', {},
            make('a', { href: '#' + what.operationId }, ...labelOf(path, method, {})))))]);
    const nav = make('nav', { 'aria-label': 'Operations' }, ...links);
    document.getElementById('page').replaceWith(make('div', { class: 'sided' }, nav, page));
    addEventListener('hashchange', openTarget);
    openTarget();
};
fetch('openapi.json').then((answer) => answer.json()).then((read) => { api = read; show(); })
    .catch((error) => {
        document.getElementById('page').textContent = 'openapi.json: ' + error;
    });
)js";

}  // namespace

std::string_view page_script_of_operations() noexcept { return script; }

}  // namespace cohort::http::detail
