import { shellWord } from './wording.ts';

/** Where a command of ours goes: ip:port, and the name that is asked for there. */
interface At {
  address: string;
  host: string;
  tls: boolean;
}

/** The sixteen bytes of a version 2 LOCAL header, as `printf` writes them in every shell (octal; measured in bash and dash). */
const LOCAL = '\\r\\n\\r\\n\\000\\r\\nQUIT\\n\\040\\000\\000\\000';

/** ip and port as two shell words, an IPv6 address without its brackets. */
export function hostAndPort(address: string): string {
  const at = address.lastIndexOf(':');
  return `${shellWord(address.slice(0, at).replace(/^\[|\]$/g, ''))} ${shellWord(address.slice(at + 1))}`;
}

/** A request with a PROXY header (version 1) before it, by curl: the only client that people have which writes one. */
export const withHeader = (f: At): string =>
  `curl -skv --haproxy-protocol -o /dev/null --connect-to ${shellWord(`::${f.address}`)} ${shellWord(`${f.tls ? 'https' : 'http'}://${f.host}/`)}`;

/**
 * A request in clear text by printf and nc, with a LOCAL header before it if wanted. `late`: after as many seconds as
 * the shell variable `late` says, header and all.
 */
export function rawRequest(f: Pick<At, 'address' | 'host'>, how: { header?: boolean; late?: boolean } = {}): string {
  const print = `printf '${how.header ? LOCAL : ''}GET / HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' ${shellWord(f.host)}`;
  return `${how.late ? `{ sleep $late; ${print}; }` : print} | nc -w 3 ${hostAndPort(f.address)}`;
}
