import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { MANIFESTS } from '../../deploy/render.ts';

/** A Kubernetes object as a manifest says it; anything may be missing. */
// biome-ignore lint/suspicious/noExplicitAny: manifests are walked by hand here, and a wrong step fails the test.
export type Manifest = any;

/** Every object of one stream of YAML. */
export function objectsIn(yaml: string): Manifest[] {
  return parseAllDocuments(yaml)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS();
    })
    .filter((object) => object !== null);
}

/** The objects of deploy/kubernetes, as `kubectl apply -f` would send them. */
export function plainObjects(): Manifest[] {
  return readdirSync(MANIFESTS)
    .filter((file) => file !== 'kustomization.yaml')
    .flatMap((file) => objectsIn(readFileSync(join(MANIFESTS, file), 'utf8')));
}

export const named = (object: Manifest): string =>
  [object.kind, [object.metadata.namespace, object.metadata.name].filter(Boolean).join('/')].join(' ');

/** The pods that a list of objects makes, each with the name of what makes it. */
export function podsOf(objects: Manifest[]): { name: string; labels: { [key: string]: string }; spec: Manifest }[] {
  return objects
    .filter((object) => object.spec?.template?.spec)
    .map((object) => ({
      name: named(object),
      labels: object.spec.template.metadata.labels,
      spec: object.spec.template.spec,
    }));
}
