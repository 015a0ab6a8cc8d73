/** Log lines as people may see them: no control characters, no secrets, no clients. What they say is data, whatever it says. */

/** Escape sequences of terminals (ECMA-48), then whatever other control characters there are, bidirectional ones too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const ESCAPES = /\u001b(?:\[[0-9;?]{0,20}[ -/]{0,4}[@-~]|\][^\u0007\u001b]{0,200}(?:\u0007|\u001b\\)?|.)?/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: likewise
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g;

/** What never leaves the machine: [what it looks like, what stands there instead]. Each is linear in the line's length. */
const SECRETS: readonly [RegExp, string][] = [
  [/\?[^ "'\\]{1,4000}/g, '?…'],
  [/\b(cookie|set-cookie)\b("?\s?[:=]\s?"?)[^"]{1,4000}/gi, '$1$2…'],
  [/\b(authorization|proxy-authorization|x-api-key)\b("?\s?[:=]\s?"?)[^",;]{1,4000}/gi, '$1$2…'],
  [/\b(bearer|basic) [\w.~+/=-]{6,4000}/gi, '$1 …'],
  [/\b(token|password|passwd|secret|session|sid|api_?key|access_?key)=[^ "&,;]{1,4000}/gi, '$1=…'],
  [/\beyJ[\w-]{8,4000}(?:\.[\w-]{1,4000}){0,2}/g, '…'],
  [/,? ?\bclient: [^, ]{1,80}/g, ''],
  [
    /("?(?:client_?(?:addr|host|ip|port)|remote_?addr|x-forwarded-for|downstream_remote_address)"?\s?[:=]\s?"?)[^", ]{1,80}/gi,
    '$1…',
  ],
];
/** The client at the beginning of an access line, of HAProxy's (before its date) or of a CLF one. */
const CLIENT_FIRST = /(^|[\s\]])(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f:]{3,45})(?::\d{1,5})?(?= (?:\[|- ))/i;

/** One line, cleaned and cut to `most` characters. */
export function cleanLine(line: string, most = 300): string {
  let text = line.slice(0, 4_000).replace(ESCAPES, '').replace(CONTROL, ' ').replace(CLIENT_FIRST, '$1…');
  for (const [pattern, instead] of SECRETS) text = text.replace(pattern, instead);
  text = text.replace(/ {2,}/g, ' ').trim();
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
