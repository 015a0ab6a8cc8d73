import type { ServerResponse } from 'node:http';
import { common, notFound, refuse, send, status } from './answers.ts';
import type { Ask } from './ask.ts';
import { apiVersionOf, type KubeObject, now, type ObjectStore, type Stored, textOf } from './store.ts';

const isPlain = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON merge patch (RFC 7386): null takes a key away, lists are replaced. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return patch;
  const out: { [key: string]: unknown } = isPlain(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = mergePatch(out[key], value);
  }
  return out;
}

/**
 * Puts an object in as a client's write: what changes beside metadata and status bumps `generation`, the writer stands in managedFields. Lenient
 * where a real server refuses: nothing is validated, so loopback addresses in EndpointSlices are taken (422 there).
 */
export function write(
  store: ObjectStore,
  given: KubeObject,
  manager: string,
  subresource: string | null = null,
): Stored {
  const kind = store.kindOf(given);
  const before = store.get(kind, given.metadata.namespace ?? '', given.metadata.name)?.object ?? null;
  const wanted = ({ apiVersion: _, kind: __, metadata: ___, status: ____, ...rest }: KubeObject): string =>
    JSON.stringify(rest);
  const changed = before !== null && subresource === null && wanted(before) !== wanted(given);
  const old = (before?.metadata.managedFields ?? given.metadata.managedFields ?? []) as { [key: string]: unknown }[];
  const entry = {
    manager,
    operation: 'Update',
    apiVersion: given.apiVersion ?? apiVersionOf(kind, kind.versions[0] as string),
    time: now(),
    fieldsType: 'FieldsV1',
    fieldsV1: {},
    ...(subresource && { subresource }),
  };
  const same = (one: { [key: string]: unknown }): boolean =>
    one.manager === manager && (one.subresource ?? null) === subresource;
  const generation = before?.metadata.generation as number | undefined;
  return store.put({
    ...given,
    metadata: {
      ...given.metadata,
      ...(generation !== undefined && { generation: generation + (changed ? 1 : 0) }),
      managedFields: [...old.filter((one) => !same(one)), entry],
    },
  });
}

/** The change of an object by a merge patch; null: there is no such object. */
export function patch(
  store: ObjectStore,
  { kind, version, namespace, name, subresource }: Pick<Ask, 'kind' | 'version' | 'namespace' | 'name' | 'subresource'>,
  change: unknown,
  manager: string,
): Stored | null {
  const before = store.get(kind, namespace, name ?? '');
  if (!before) return null;
  const named = { apiVersion: apiVersionOf(kind, version), kind: kind.kind };
  return write(store, { ...(mergePatch(before.object, change) as KubeObject), ...named }, manager, subresource);
}

/** Answers POST, PUT, PATCH (merge patches only) and DELETE. */
export function answerWrite(
  store: ObjectStore,
  ask: Ask,
  body: string,
  manager: string,
  response: ServerResponse,
): undefined {
  const { verb, kind, version, namespace, name, subresource } = ask;
  const before = name === null ? null : store.get(kind, namespace, name);
  if (name !== null && !before) return refuse(response, notFound(kind, name));
  const sent = (code: number, stored: Stored): undefined =>
    send(response, code, `${textOf(stored, { kind, version })}\n`, common(true));
  if (verb === 'delete') {
    const gone = store.remove(kind, namespace, name ?? '') as Stored;
    return sent(200, gone);
  }
  let given: KubeObject;
  try {
    given = JSON.parse(body);
  } catch {
    return refuse(response, status(400, 'BadRequest', 'the body is no JSON'));
  }
  if (verb === 'patch') return sent(200, patch(store, ask, given, manager) as Stored);
  const named = {
    ...given,
    apiVersion: apiVersionOf(kind, version),
    kind: kind.kind,
    metadata: { ...given.metadata, ...(namespace && { namespace }) },
  };
  const key = named.metadata.name;
  if (verb === 'create' && store.get(kind, namespace, key))
    return refuse(response, status(409, 'AlreadyExists', `${kind.plural} "${key}" already exists`));
  const wanted = given.metadata?.resourceVersion;
  if (before && wanted && wanted !== before.object.metadata.resourceVersion)
    return refuse(
      response,
      status(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${kind.plural} "${key}": the object has been modified; please apply your changes to the latest version and try again`,
      ),
    );
  // PUT …/status writes only the status.
  const whole =
    subresource === 'status' && before
      ? { ...before.object, ...{ apiVersion: named.apiVersion, kind: named.kind }, status: given.status }
      : named;
  return sent(verb === 'create' ? 201 : 200, write(store, whole as KubeObject, manager, subresource));
}
