// What our documents are to others: the OpenAPI document to a validator, and what a schema refuses
// to another implementation of JSON Schema that is given the schema we write of it.
import { execFileSync } from 'node:child_process';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

const sample = process.argv[2];
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

for (const problem of problems.slice(0, 10)) console.log(problem);
console.log(`${documents.length} documents, ${accepted} fit, ${problems.length} problems`);
process.exitCode = problems.length ? 1 : 0;
