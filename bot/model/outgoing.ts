import type { Path } from '../../diagnostics/types.ts';
import { redact } from '../blocks/mrkdwn.ts';

/** What may leave this process for a model: no secret, nobody's name or address, nothing that only a machine sees. */

/** Keys and tokens by their shape, whoever gives them out. */
const KEYS =
  /\b(?:sk|pk|rk)[-_][\w-]{12,}|\bAKIA[A-Z0-9]{12,}|\bgh[pousr]_\w{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{12,}|\bAIza[\w-]{20,}|\bnpm_\w{16,}|\bhv[sb]\.[\w-]{12,}/g;
const PEM = /-----BEGIN [A-Z ]{3,40}-----[\s\S]{0,20000}?(?:-----END [A-Z ]{3,40}-----|$)/g;
/** "password is hunter2", "PIN: 4711", "user=alice": the word goes on saying what it was. */
const NAMED =
  /((?<![\w-])(?:pass ?word|pass ?phrase|passwd|passcode|pwd|pw|pin|otp|secret|token|api[ _-]?key|access[ _-]?key|private[ _-]?key|credentials?|session(?:[ _-]?id)?|sid|csrf|cookie|code ?word|user(?:[ _-]?name)?|login|e-?mail)["'\]]?\s{0,3}(?:is|was|ist|est|es|=|:|->|=>)\s{0,3}["'[]?)[^\s"',;&\]]{1,300}/gi;
const MAIL = /[\w.+-]{1,64}@[\w-]{1,100}(?:\.[\w-]{1,60}){1,6}/g;
/** Long words of letters and digits without meaning: keys, hashes, encoded text. */
const OPAQUE = /(?<![\w./-])(?=[\w+/=-]*\d)(?=[\w+/=-]*[a-zA-Z])[\w+/=-]{24,}(?![\w.-])/g;
/** Base64 of a sentence has few digits, but its mixture of cases gives it away. */
const ENCODED = /(?<![\w./-])(?=\w*[a-z][A-Z])(?=\w*[A-Z][a-z])[A-Za-z0-9+/]{20,}={0,2}(?![\w.-])/g;
const QUERY = /(\/[^\s?"'`<>]{0,500})\?[^\s"'`<>]{1,4000}/g;
const IPV4 = /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)/g;
const IPV6 = /(?<![\w:.])(?=[0-9a-f:.]*:[0-9a-f:.]*:)[0-9a-f:]{2,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])/gi;
/** Marks by which chat templates tell roles apart: text must not look like a turn of its own. */
const TEMPLATE =
  /<\|[^|>]{0,60}\|>|<\/?s>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|assistant|user|human|im_\w+)\b[^>]{0,60}>/gi;

/** Invisible letters carry text that only a machine reads: format and private characters, tags, variation selectors. */
const INVISIBLE = /[\p{Cf}\p{Co}\p{Cs}\p{Cn}\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]|[\p{Cc}--[\n\t]]/gv;

/**
 * Pure: a text as a model may see it, at most `max` characters. `keep`: addresses that belong to the path; any other is
 * somebody's.
 */
export function outgoing(text: string, keep: ReadonlySet<string>, max: number): string {
  // More than this is never kept, so it is not looked at either: the patterns below cost time.
  const visible = text
    .slice(0, max * 4)
    .replace(INVISIBLE, '')
    .normalize('NFKC');
  const unlinked = visible
    .replace(/<@[UWB][^>]{0,100}>/g, 'somebody')
    .replace(/<![^>]{0,100}>/g, '')
    .replace(/<#[^>]{0,100}>/g, 'a channel')
    .replace(/<(https?:[^|>\s]{1,3000})(?:\|[^>]{0,500})?>/g, '$1')
    .replace(/<mailto:[^>]{0,300}>/g, '(mail)');
  return redact(unlinked.replace(PEM, '…'))
    .replace(TEMPLATE, ' ')
    .replace(KEYS, '…')
    .replace(NAMED, '$1…')
    .replace(QUERY, '$1?…')
    .replace(MAIL, '(mail)')
    .replace(IPV4, (address) => (keep.has(address) ? address : '(address)'))
    .replace(IPV6, (address) =>
      keep.has(address.toLowerCase()) || /^[\d:]{1,8}$/.test(address) ? address : '(address)',
    )
    .replace(OPAQUE, (word) => (isCode(word) ? word : '…'))
    .replace(ENCODED, (word) => (isCode(word) ? word : '…'))
    .slice(0, max);
}

/** Finding codes and IANA's names of suites are long words with a meaning. */
const isCode = (word: string): boolean =>
  /^[A-Z0-9]+(?:_[A-Z0-9]+)+$/.test(word) || /^[a-z]+(?:-[a-z0-9]{1,12}){1,6}$/.test(word);

/** Pure: the addresses that belong to the path itself: listeners, replicas, targets, endpoints. */
export function pathAddresses(path: Path): Set<string> {
  const hops = [...path.hops, ...path.others];
  const all = [
    ...(path.dns ?? []),
    ...hops.flatMap((hop) => [
      hop.address,
      ...hop.listeners.map((one) => one.address),
      ...hop.instances.flatMap((one) => [one.https, one.http]),
      ...(hop.targets ?? []).map((one) => one.address),
      ...(hop.endpoints ?? []).map((one) => one.address),
    ]),
  ];
  return new Set(all.flatMap((address) => (address ? [bareAddress(address)] : [])));
}

/** `10.0.0.1` of `https://10.0.0.1:443/x`, `fd00::1` of `[fd00::1]:443`. */
function bareAddress(address: string): string {
  const [authority = ''] = address.replace(/^[a-z]+:\/\//i, '').split('/');
  const bracketed = /^\[([^\]]*)\]/.exec(authority)?.[1];
  return (bracketed ?? (authority.split(':').length > 2 ? authority : authority.split(':')[0]) ?? '').toLowerCase();
}
