// How the page says what a schema says.

#include <cohort/http/detail/openapi_page.hpp>

namespace cohort::http::detail {

namespace {

constexpr std::string_view script = R"js(
'use strict';
let api = {};
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
const code = (text) => make('code', {}, text);

// Markdown, as much of it as words about an API have: paragraphs, code, bold, links.
const inline = (text) => {
    const parts = [];
    let at = 0;
    const marks = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(((?:https?:|#|\/(?!\/))[^)\s]*)\)/g;
    for (const found of text.matchAll(marks)) {
        parts.push(text.slice(at, found.index));
        at = found.index + found[0].length;
        if (found[1]) parts.push(code(found[1]));
        else if (found[2]) parts.push(make('strong', {}, found[2]));
        else parts.push(make('a', { href: found[4], rel: 'noreferrer' }, found[3]));
    }
    return [...parts, text.slice(at)];
};
const words = (text) => (text || '').split(/\n\s*\n/).filter(Boolean)
    .map((part) => make('p', {}, ...inline(part)));

// A part that is made when it is opened first.
const lazy = (label, build, options = {}) => {
    const part = make('details', options, make('summary', {}, ...label));
    part.fill = () => {
        if (!part.filled) part.append(make('div', {}, ...build()));
        part.filled = true;
    };
    part.addEventListener('toggle', () => { if (part.open) part.fill(); });
    return part;
};

const nameOf = (value) => value.$ref && value.$ref.split('/').pop();
const resolve = (value) => {
    let found = value;
    for (let hops = 0; found && found.$ref && hops < 8; ++hops) {
        const way = found.$ref.slice(2).split('/');
        found = way.reduce((at, key) => at && at[key.replace(/~1/g, '/').replace(/~0/g, '~')], api);
    }
    return found && found !== value ? { ...found, ...value, $ref: undefined } : value;
};

// What a schema says, in words.
const choices = (schema) => schema.oneOf || schema.anyOf || schema.allOf;
const kindOf = (schema) => {
    if (schema.$ref) return nameOf(schema);
    if ('const' in schema) return JSON.stringify(schema.const);
    if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(' | ');
    if (choices(schema)) return choices(schema).map(kindOf).join(schema.allOf ? ' and ' : ' or ');
    const type = [].concat(schema.type || 'anything').join(' or ');
    if (schema.items) return `${type} of ${kindOf(schema.items)}`;
    const others = schema.additionalProperties;
    if (!schema.properties && others && others.type) return `map of ${kindOf(others)}`;
    return schema.format ? `${type} (${schema.format})` : type;
};
const span = (from, to, unit) => {
    if (from === undefined && to === undefined) return '';
    if (to === undefined) return `at least ${from} ${unit}`;
    return from === undefined ? `at most ${to} ${unit}` : `${from} to ${to} ${unit}`;
};
// The ends of 64-bit types are no numbers here, and no news.
const exact = (limit) => (Number.isSafeInteger(Math.round(limit)) ? limit : undefined);
const limitsOf = (s) => [
    span(s.minLength, s.maxLength, 'characters'), span(exact(s.minimum), exact(s.maximum), ''),
    s.exclusiveMinimum !== undefined && `more than ${s.exclusiveMinimum}`,
    s.exclusiveMaximum !== undefined && `less than ${s.exclusiveMaximum}`,
    s.multipleOf && `multiple of ${s.multipleOf}`, s.pattern,
    span(s.minItems, s.maxItems, 'elements'), s.uniqueItems && 'no two alike',
    span(s.minProperties, s.maxProperties, 'members'),
    s.default !== undefined && `default ${JSON.stringify(s.default)}`,
    s.examples && `for example ${JSON.stringify(s.examples[0])}`,
].filter(Boolean).join(' · ');
const facts = (schema) => [make('span', { class: 'mono' }, kindOf(schema)), ' ',
    make('span', { class: 'faint' }, limitsOf(schema))];

// A schema as a list of members; what has a name opens on demand, so it may contain itself.
const view = (schema, deep = 0) => {
    if (schema.$ref) return [lazy([code(nameOf(schema))], () => view(resolve(schema)))];
    if (deep > 8) return [make('pre', {}, pretty(schema))];
    const parts = words(schema.description);
    for (const each of choices(schema) || []) {
        parts.push(make('div', { class: 'inner' }, ...view(each, deep + 1)));
    }
    for (const [name, each] of Object.entries(schema.properties || {})) {
        const needed = (schema.required || []).includes(name);
        const { description, ...rest } = each;
        parts.push(make('div', { class: 'row' },
            make('p', {}, make('code', { class: needed && 'required' }, name), ' ', ...facts(each)),
            ...words(description), ...inside(rest, deep + 1)));
    }
    if (schema.items) parts.push(...inside(schema, deep + 1));
    return parts.length ? parts : [make('p', {}, ...facts(schema))];
};
const inside = (schema, deep) => {
    const part = schema.items || schema;
    const more = part.$ref || part.properties || part.items || choices(part);
    return more ? [make('div', { class: 'inner' }, ...view(part, deep))] : [];
};

// A value that may fit a schema.
const texts = { date: '2026-01-31', 'date-time': '2026-01-31T12:00:00Z', email: 'ada@example.com',
    uuid: '2eb8aa08-aa98-41ea-b4aa-73b441d16380', uri: 'urn:example:a', ipv4: '192.0.2.1',
    ipv6: '2001:db8::1' };
const sample = (from, deep = 0) => {
    const s = resolve(from);
    if (s.examples) return s.examples[0];
    if (s.default !== undefined) return s.default;
    if ('const' in s) return s.const;
    if (s.enum) return s.enum[0];
    if (s.allOf) return Object.assign({}, ...s.allOf.map((each) => sample(each, deep + 1)));
    if (choices(s)) return deep < 8 ? sample(choices(s)[0], deep + 1) : null;
    switch ([].concat(s.type)[0]) {
    case 'object':
        return Object.fromEntries((s.required || []).filter(() => deep < 8)
            .map((name) => [name, sample((s.properties || {})[name] || {}, deep + 1)]));
    case 'array': return s.items && s.minItems && deep < 8 ? [sample(s.items, deep + 1)] : [];
    case 'integer': case 'number': return Math.min(s.minimum ?? (s.exclusiveMinimum ?? -1) + 1,
        s.maximum ?? Infinity);
    case 'boolean': return true;
    case 'string': return texts[s.format] || 'text'.padEnd(s.minLength || 0, 'x')
        .slice(0, s.maxLength);
    default: return null;
    }
};
const exampleOf = (media) => {
    const [first] = Object.values(media.examples || {});
    return first ? resolve(first).value : media.example ?? sample(media.schema || {});
};
)js";

}  // namespace

std::string_view page_script_of_schemas() noexcept { return script; }

}  // namespace cohort::http::detail
