import type { ReloadSeen } from '../../../diagnostics/io/proxy-reader.ts';

/** nginx writes local time without a zone; the reader's own zone is assumed, which holds on the same machine. */
const LINE = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) \[(\w+)\] (\d+)#\d+: (?:\*\d+ )?([^\n]*)$/;

interface ErrorLine {
  at: number;
  level: string;
  pid: number;
  text: string;
}

/** One line of nginx's error log; null for anything else. */
export function readErrorLine(line: string): ErrorLine | null {
  const match = LINE.exec(line.length > 2_000 ? line.slice(0, 2_000) : line);
  if (!match) return null;
  const [, y, mo, d, h, mi, s, level, pid, text] = match as unknown as string[];
  const at = new Date(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s)).getTime();
  return { at, level: level as string, pid: Number(pid), text: text as string };
}

/** `unexpected "}" in /etc/nginx/nginx.conf:12` names its place at the end. */
const PLACE = / in (\S+):(\d+)$/;

/**
 * Reloads as the error log shows them. A HUP logs `reconfiguring` (level notice); a configuration that is refused logs
 * [emerg] from the master right after, one that is taken starts workers. Where notices are not logged, the master's
 * [emerg] alone shows the refusals. (nginx: src/os/unix/ngx_process_cycle.c, src/core/ngx_cycle.c)
 */
export function reloadsIn(lines: string[], master: number | null): { reloads: ReloadSeen[]; from: number | null } {
  const reloads: ReloadSeen[] = [];
  let from: number | null = null;
  let open: (ReloadSeen & { pid: number }) | null = null;
  for (const raw of lines) {
    const line = readErrorLine(raw);
    if (!line) continue;
    from ??= line.at;
    if (line.level === 'notice' && /^(signal 1 \(SIGHUP\).*)?reconfiguring$/.test(line.text)) {
      // One reload logs both "signal 1 (SIGHUP) received …, reconfiguring" and "reconfiguring".
      if (open && open.pid === line.pid && line.at - Date.parse(open.at) <= 1000 && line.text === 'reconfiguring')
        continue;
      open = { at: new Date(line.at).toISOString(), ok: true, error: null, where: null, pid: line.pid };
      reloads.push(open);
    } else if (line.level === 'emerg' && (open?.pid === line.pid || line.pid === master)) {
      const place = PLACE.exec(line.text);
      const error = line.text.replace(PLACE, '').slice(0, 200);
      const where = place ? `${place[1]}:${place[2]}` : null;
      if (open && open.pid === line.pid && open.error === null && line.at - Date.parse(open.at) < 60_000) {
        Object.assign(open, { ok: false, error, where });
      } else {
        reloads.push({ at: new Date(line.at).toISOString(), ok: false, error, where });
      }
    } else if (line.level === 'notice' && /^start worker process/.test(line.text)) {
      open = null;
    }
  }
  return { reloads: reloads.map(({ at, ok, error, where }) => ({ at, ok, error, where })), from };
}
