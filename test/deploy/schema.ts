import * as kubernetes from '@kubernetes/client-node';

interface Attribute {
  baseName: string;
  type: string;
}
type Model = { getAttributeTypeMap(): Attribute[] };

const modelOf = (name: string): Model | null => {
  const found = (kubernetes as unknown as { [name: string]: unknown })[name] as Partial<Model> | undefined;
  return typeof found?.getAttributeTypeMap === 'function' ? (found as Model) : null;
};

/** What is wrong with a value, by the type names that the client library was generated with. */
function wrongWith(value: unknown, type: string, at: string): string[] {
  if (value === null) return [`${at} is null`];
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list)
    return Array.isArray(value) ? value.flatMap((one, i) => wrongWith(one, list, `${at}[${i}]`)) : [`${at} is no list`];
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map)
    return typeof value === 'object'
      ? Object.entries(value).flatMap(([key, one]) => wrongWith(one, map, `${at}.${key}`))
      : [`${at} is no map`];
  if (type === 'any' || type === 'object') return [];
  if (type === 'IntOrString') return ['string', 'number'].includes(typeof value) ? [] : [`${at} is no ${type}`];
  if (['string', 'number', 'boolean'].includes(type)) return typeof value === type ? [] : [`${at} is no ${type}`];
  const model = modelOf(type);
  if (!model) return [`${at} has the type ${type}, which this test does not know`];
  if (typeof value !== 'object' || Array.isArray(value)) return [`${at} is no ${type}`];
  const known = new Map(model.getAttributeTypeMap().map((one) => [one.baseName, one.type]));
  return Object.entries(value).flatMap(([key, one]) => {
    const wanted = known.get(key);
    return wanted ? wrongWith(one, wanted, `${at}.${key}`) : [`${at}.${key} is not known to Kubernetes`];
  });
}

/**
 * Holds an object against the types of Kubernetes' own OpenAPI document, as the client library carries them: unknown keys
 * and wrong types. It does not know what is required; kubeconform does, where it is installed. Kinds of CRDs: null.
 */
export function faultsOf(object: { apiVersion: string; kind: string }): string[] | null {
  const [version = '', group] = object.apiVersion.split('/').reverse();
  if (group?.endsWith('.coreos.com')) return null;
  return wrongWith(object, `${version[0]?.toUpperCase()}${version.slice(1)}${object.kind}`, object.kind);
}
