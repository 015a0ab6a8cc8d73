/** Names and passwords in front of a host, and parameters of a query whose name says that they are secret. */
const SECRETS: readonly [RegExp, string][] = [
  [/(:\/\/)[^\s/?#@"'\\]{1,1000}@/g, '$1'],
  [
    /([?&][\w.-]{0,40}(?:token|secret|passw(?:or)?d|api_?key|signature|credential)[\w.-]{0,40}=)[^&#\s"'\\]{1,4000}/gi,
    '$1…',
  ],
  [/\b((?:bearer|authorization["'\\]{0,2}\s?[:=]\s?["'\\]{0,2}basic) )[\w.~+/=-]{8,4000}/gi, '$1…'],
];

/**
 * Pure: a text, JSON too, without the secrets that URLs and credentials carry: the inventory may name a metrics page as
 * `http://user:password@…`, which must be in no evidence, log or verdict. What it puts in needs no escape in JSON.
 */
export function withoutSecrets(text: string): string {
  let kept = text;
  for (const [pattern, instead] of SECRETS) kept = kept.replace(pattern, instead);
  return kept;
}
