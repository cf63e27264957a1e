// What our documents are to others: the OpenAPI document to a validator, and what a schema refuses
// to another implementation of JSON Schema that is given the schema we write of it. A running
// dashboard's document, too, and what it answers.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

const [sample, hello] = process.argv.slice(2);
const run = (verb, input = '') =>
    execFileSync(sample, [verb], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
const problems = [];

const uuid = '2eb8aa08-aa98-11ea-b4aa-73b441d16380';
const item = (more = {}) => ({ name: 'bolt', count: 2, weight: 0.5, parts: [], ...more });
const order = () => ({
    to: 'Ann', cents: 5, note: 'a b', gift: null, tags: ['x', 'y'], in: 'USD',
    pay: { kind: 'card', number: '1234', month: 12 }, reference: uuid, extras: { a: 1 },
    items: [item({ parts: [item(), item({ weight: 10.5 })] })],
});

// Numbers of Marsaglia's xorshift: the same documents each time.
let state = 20261129;
const random = (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
};
const pick = (list) => list[random(list.length)];
const values = () => pick([
    null, true, false, 0, 1, 2, -1, 99, 100, 1.5, 1e3, 10.5, 10.500001, 4294967295, 4294967296,
    1000000, 1000001, '', 'a', 'abcde', 'abcdef', 'EUR', 'A', '1234', '123456789', uuid, uuid + '0',
    '\u00e9\u{1f600}xyz', 'a b', [], [1], ['x'], ['x', 'x'], ['a', 'b', 'c', 'd'], {}, { a: 1 },
    { a: 1, b: 2, c: 3 }, { a: -1 }, { kind: 'iban', account: 'DE' }, { kind: 'cash' },
    { account: 'DE' }, item(), [item()], [item({ name: '' })], { number: '1', kind: 'card' },
]);
const places = (value, found = []) => {
    if (value !== null && typeof value === 'object') {
        for (const key of Object.keys(value)) {
            found.push([value, key]);
            places(value[key], found);
        }
    }
    return found;
};
const mutate = (document) => {
    const [owner, key] = pick(places(document));
    const way = random(5);
    if (way < 3) owner[key] = values();
    else if (way === 3 && !Array.isArray(owner)) delete owner[key];
    else if (Array.isArray(owner)) owner.push(structuredClone(owner[0]));
    else owner[pick(['extra', 'to', 'parts', 'account', '__proto_', 'a'])] = values();
};

const documents = [order()];
while (documents.length < 20000) {
    const document = order();
    for (let times = random(4); times > 0; --times) mutate(document);
    documents.push(document);
}

const ajv = new Ajv({ strict: false, logger: false, allErrors: false });
formats(ajv);
const fits = ajv.compile(JSON.parse(run('schema')));
const verdicts = run('judge', documents.map((each) => JSON.stringify(each) + '\n').join(''))
    .trimEnd().split('\n');
let accepted = 0;
documents.forEach((document, index) => {
    const words = verdicts[index];
    const theirs = fits(document);
    const ours = words.startsWith('yes ');
    accepted += ours ? 1 : 0;
    if (ours !== theirs) {
        problems.push(`${JSON.stringify(document)}\n  ours: ${words}\n  ajv: ` +
            (theirs ? 'fits' : ajv.errorsText(fits.errors)));
    } else if (ours && !fits(JSON.parse(words.slice(4)))) {
        problems.push(`what we write does not fit: ${words}\n  ${ajv.errorsText(fits.errors)}`);
    }
});
if (accepted < 1000 || accepted > 19000) problems.push(`${accepted} of 20000 fit: a poor mixture`);

const text = run('openapi');
const judgement = await new Validator().validate(JSON.parse(text));
if (!judgement.valid) problems.push('OpenAPI: ' + JSON.stringify(judgement.errors, null, 2));
if (run('openapi') !== text) problems.push('two documents of the same routes differ');

/** Asks the dashboard at a Unix socket. */
const ask = (socketPath, method, path, body) => new Promise((resolve, reject) => {
    const headers = { host: 'localhost', ...(body && { 'content-type': 'application/json' }) };
    const asked = request({ socketPath, method, path, headers }, (answer) => {
        let text = '';
        answer.on('data', (piece) => { text += piece; });
        answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
});

/** What it says of itself is valid, names what it takes, and its answers are as it says. */
const judgeDashboard = async (door) => {
    const { text } = await ask(door, 'GET', '/api/v1/openapi.json');
    const document = JSON.parse(text);
    const { valid, errors } = await new Validator().validate(JSON.parse(text));
    if (!valid) problems.push('dashboard: ' + JSON.stringify(errors, null, 2));
    const judge = new Ajv({ strict: false, allErrors: true });
    formats(judge);
    const fitting = (shape) => judge.compile({ ...shape, components: document.components });
    const asked = [
        ['get', '/state'], ['get', '/workers'], ['get', '/access'], ['get', '/cohort'],
        ['get', '/why'], ['get', '/level'], ['get', '/events?last=5'], ['get', '/workers/{slot}'],
        ['post', '/scale', { to: '2' }], ['post', '/plan'], ['post', '/level', { level: 'debug' }],
        ['post', '/workers/{slot}/dump'], ['post', '/workers/{slot}/drain'],
        ['post', '/workers/{slot}/resume', { budget_ms: 9000 }],
    ];
    for (const [method, route, body] of asked) {
        const what = document.paths[`/api/v1${route.split('?')[0]}`][method];
        const taken = what.requestBody?.content['application/json'].schema;
        if (body && !(taken && fitting(taken)(body))) problems.push(`${route} takes no such body`);
        if (method === 'post' && !taken?.properties.budget_ms) problems.push(`${route}: no budget`);
        const { status, text } =
            await ask(door, method.toUpperCase(), `/api/v1${route.replace('{slot}', '1')}`, body);
        const said = what.responses[200].content?.['application/json'].schema;
        if (!said) {
            problems.push(`${method} ${route}: answers what?`);
            continue;
        }
        const fits = fitting(said);
        if (status !== 200) problems.push(`${method} ${route}: ${status} ${text}`);
        else if (!fits(JSON.parse(text)))
            problems.push(`${method} ${route}: ${judge.errorsText(fits.errors)}`);
    }
    const names = document.paths['/api/v1/events'].get.parameters?.map(({ name }) => name);
    if (`${names}` !== 'last,from,slot') problems.push(`events take ${names}`);
    const needs = (order) => document.paths[`/api/v1/${order}`].post.requestBody?.required;
    if (!needs('scale') || needs('reload')) problems.push('which bodies must be there');
};

if (hello) {
    const folder = mkdtempSync(join(tmpdir(), 'cohort-openapi-'));
    const server = spawn(hello, ['--name', 'hello', '--workers', '2', '--listen', '127.0.0.1:0'],
        { env: { ...process.env, COHORT_RUNTIME_DIR: folder }, stdio: 'ignore' });
    const ended = once(server, 'exit');
    try {
        const door = join(folder, 'hello.http');
        const until = Date.now() + 60_000;
        const up = async () => existsSync(door) &&
            (await ask(door, 'GET', '/readyz').catch(() => ({}))).status === 200 &&
            JSON.parse((await ask(door, 'GET', '/api/v1/state')).text).cohort.workers_ready === 2;
        while (!await up() && Date.now() < until) await pause(50);
        await judgeDashboard(door);
    } finally {
        server.kill('SIGTERM');
        await ended;
        rmSync(folder, { recursive: true, force: true });
    }
}

for (const problem of problems.slice(0, 10)) console.log(problem);
console.log(`${documents.length} documents, ${accepted} fit, ${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;
