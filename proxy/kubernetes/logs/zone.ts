/** nginx' error log and HAProxy's log write local times without a zone. */
const NGINX = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) \[/;
const HAPROXY = / \[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)\.\d{3}\] /;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

/**
 * Containers run in UTC (their images have no zone), and their readers assume the zone of this process: such a time is
 * written anew in ours. Every other line stays as it is.
 */
export function inOurZone(line: string): string {
  const nginx = NGINX.exec(line);
  if (nginx) {
    const [head, ...parts] = nginx;
    const [y, mo, d, h, mi, s] = parts.map(Number) as [number, number, number, number, number, number];
    const at = new Date(Date.UTC(y, mo - 1, d, h, mi, s));
    if (at.getTimezoneOffset() === 0) return line;
    const day = `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())}`;
    return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} [${line.slice(head.length)}`;
  }
  const haproxy = HAPROXY.exec(line);
  if (!haproxy) return line;
  const month = MONTHS.indexOf(haproxy[2] as string);
  const [, d, , y, h, mi, s] = haproxy.map(Number) as number[];
  const at = new Date(Date.UTC(y as number, month, d, h, mi, s));
  if (month < 0 || at.getTimezoneOffset() === 0) return line;
  const from = haproxy.index + 2;
  const time = `${two(at.getDate())}/${MONTHS[at.getMonth()]}/${at.getFullYear()}:${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return line.slice(0, from) + time + line.slice(from + time.length);
}
