import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What is read of a JSON schema, of OpenAPI's or a CRD's dialect. */
interface Schema {
  properties?: { [key: string]: Schema };
  additionalProperties?: unknown;
  items?: Schema;
  $ref?: string;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  format?: string;
  [key: string]: unknown;
}

/** Unknown keys become errors, since an API server drops them in silence; `int-or-string` becomes what it says. */
function strict(schema: Schema): Schema {
  if (schema.format === 'int-or-string' || schema['x-kubernetes-int-or-string']) return { type: ['string', 'integer'] };
  const { properties, items, additionalProperties, ...rest } = schema;
  const open = schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties !== undefined;
  return {
    ...rest,
    ...(items && { items: strict(items) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, strict(one)])),
      ...(!open && { additionalProperties: false }),
    }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? strict(additionalProperties as Schema) : additionalProperties,
    }),
  };
}

/**
 * Writes the schemas that kubeconform reads (`{kind}-{group}-{version}.json`), strict, from Kubernetes' own
 * api/openapi-spec/swagger.json and from CRDs. Arguments: FOLDER swagger.json CRD.yaml…
 */
const [folder = '', swagger = '', ...crds] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const { definitions } = JSON.parse(readFileSync(swagger, 'utf8')) as { definitions: { [name: string]: Schema } };
const all = Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, strict(schema)]));
writeFileSync(join(folder, '_definitions.json'), JSON.stringify({ definitions: all }));
const fileOf = (kind: string, group: string, version: string): string =>
  join(folder, `${[kind, group.split('.')[0], version].filter(Boolean).join('-').toLowerCase()}.json`);
for (const [name, schema] of Object.entries(definitions)) {
  for (const { group, version, kind } of schema['x-kubernetes-group-version-kind'] ?? [])
    writeFileSync(fileOf(kind, group, version), JSON.stringify({ $ref: `_definitions.json#/definitions/${name}` }));
}
for (const file of crds) {
  const { spec } = parse(readFileSync(file, 'utf8'));
  for (const { name, schema } of spec.versions) {
    const whole = strict(schema.openAPIV3Schema);
    writeFileSync(fileOf(spec.names.kind, spec.group, name), JSON.stringify({ ...whole, $schema: undefined }));
  }
}
