// Writes packages/sdk/src/schema.gen.ts from the two documents that the server makes of itself:
// ../openapi.json (paths and objects) and ../asyncapi.json (the frames of a live connection).
// With --check it writes nothing and fails when the file is not what it would write.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';
import * as prettier from 'prettier';

const output = new URL('../packages/sdk/src/schema.gen.ts', import.meta.url);
const json = async (path) => JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8'));

const [openapi, asyncapi] = await Promise.all([
  json('../../openapi.json'),
  json('../../asyncapi.json'),
]);

/** `server.room_summary` is the schema `ServerRoomSummary`. */
const schemaName = (key) =>
  key
    .split(/[._]/)
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('');

// Both documents name their shared objects alike, so that one namespace holds everything. A frame's
// `type` is a literal, with which `Extract` finds it in the union.
const schemas = { ...asyncapi.components.schemas, ...openapi.components.schemas };
const unions = { client: [], server: [] };
for (const [key, message] of Object.entries(asyncapi.components.messages)) {
  const name = schemaName(key);
  const { payload } = message;
  const type = { ...payload.properties.type, const: message.name };
  schemas[name] = {
    description: message.summary,
    ...payload,
    properties: { ...payload.properties, type },
  };
  unions[key.split('.')[0]].push({ $ref: `#/components/schemas/${name}` });
}
schemas.ClientFrame = { description: 'What a client sends.', oneOf: unions.client };
schemas.ServerFrame = { description: 'What the server sends.', oneOf: unions.server };

/** An object of which nothing is said may hold anything; the generator takes it for an empty one. */
function open(node) {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map(open);
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, open(value)]));
  const isObject = copy.type === 'object' || copy.type?.includes?.('object');
  if (isObject && !copy.properties) copy.additionalProperties ??= {};
  return copy;
}

const document = open({ ...openapi, components: { ...openapi.components, schemas } });
const ast = await openapiTS(document);
const head =
  '// Written by tools/gen-api.mjs from openapi.json and asyncapi.json; not to be edited.\n';
const options = await prettier.resolveConfig(output.pathname);
const text = await prettier.format(head + astToString(ast), { ...options, parser: 'typescript' });

if (process.argv.includes('--check')) {
  const is = await readFile(output, 'utf8').catch(() => '');
  if (is !== text) {
    console.error('schema.gen.ts is not what openapi.json and asyncapi.json say: npm run gen');
    process.exit(1);
  }
} else {
  await writeFile(output, text);
}
