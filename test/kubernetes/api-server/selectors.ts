import type { KubeObject } from './store.ts';

/** Says whether an object is wanted. */
type Wants = (object: KubeObject) => boolean;

const at = (object: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as { [key: string]: unknown } | undefined)?.[key], object);

/** `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas. */
function labelTest(term: string): (labels: { [key: string]: string }) => boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set) {
    const [, key = '', how, values = ''] = set;
    const among = values.split(',').map((value) => value.trim());
    return (labels) => among.includes(labels[key] ?? '\0') === (how === 'in');
  }
  const [, key = '', sign, value = ''] = /^([^=!]+)(!=|==|=)(.*)$/.exec(term) ?? [];
  if (sign) return (labels) => (labels[key] === value) === (sign !== '!=');
  return term.startsWith('!') ? (labels) => !(term.slice(1) in labels) : (labels) => term in labels;
}

/** labelSelector and fieldSelector of a list or watch (fields by their path in the object). */
export function selectorOf(params: URLSearchParams): Wants {
  const labels = params.get('labelSelector');
  const fields = params.get('fieldSelector');
  if (!labels && !fields) return () => true;
  const terms = (labels ?? '')
    .split(/,(?![^(]*\))/)
    .filter(Boolean)
    .map((term) => labelTest(term.trim()));
  const paths = (fields ?? '')
    .split(',')
    .filter(Boolean)
    .map((term) => {
      const [, path = '', sign, value = ''] = /^([^=!]+)(!=|==|=)(.*)$/.exec(term) ?? [];
      return (object: KubeObject): boolean => (String(at(object, path) ?? '') === value) === (sign !== '!=');
    });
  return (object) =>
    terms.every((test) => test((object.metadata.labels ?? {}) as { [key: string]: string })) &&
    paths.every((test) => test(object));
}
