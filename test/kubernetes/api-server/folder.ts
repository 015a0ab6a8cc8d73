import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from './store.ts';

interface Listed {
  kind?: string;
  apiVersion?: string;
  items?: KubeObject[];
}

/** Objects of one document: itself, or the items of a List; items of typed lists get the kind that they lack. */
function objectsOf(value: unknown): KubeObject[] {
  const document = (value ?? {}) as Listed;
  if (!Array.isArray(document.items)) return document.kind ? [document as KubeObject] : [];
  const kind = document.kind?.replace(/List$/, '') ?? '';
  const named = kind !== '' && { kind, apiVersion: document.apiVersion ?? 'v1' };
  return document.items.flatMap((item) => (item.kind ? objectsOf(item) : [{ ...named, ...item }]));
}

/** Objects in a file, or in the files of a folder (.json, .yaml, .yml; several documents each; lists too). */
export function objectsIn(path: string): KubeObject[] {
  if (statSync(path).isDirectory())
    return readdirSync(path)
      .filter((name) => /\.(json|ya?ml)$/.test(name))
      .sort()
      .flatMap((name) => objectsIn(join(path, name)));
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('.json')) return objectsOf(JSON.parse(text));
  return parseAllDocuments(text).flatMap((document) => objectsOf(document.toJS({ maxAliasCount: -1 })));
}
