import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { common, notFound, refuse, status } from './answers.ts';
import type { Ask } from './ask.ts';
import type { ObjectStore } from './store.ts';

/** Logs of containers: `text` by `namespace/pod/container`, or files `<folder>/<namespace>/<pod>/<container>.log`. */
export interface PodLogs {
  text: Map<string, string>;
  folder: string | null;
}

/** How often a followed file is looked at, ms. */
const LOOK_MS = 50;
const STAMP = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) /;

/** Lines that are wanted; a line may begin with the container runtime's time, which is only shown when asked for. */
function cut(all: string, params: URLSearchParams): string {
  let lines = all.split('\n');
  const unfinished = lines.pop() ?? '';
  if (unfinished) lines.push(unfinished);
  const since = Number(params.get('sinceSeconds')) || 0;
  const begin = since ? Date.now() - since * 1000 : Date.parse(params.get('sinceTime') ?? '');
  if (Number.isFinite(begin) && begin > 0)
    lines = lines.filter((line) => {
      const stamp = STAMP.exec(line)?.[1];
      return stamp === undefined || Date.parse(stamp) >= begin;
    });
  const tail = params.get('tailLines');
  if (tail !== null && Number(tail) >= 0) lines = Number(tail) === 0 ? [] : lines.slice(-Number(tail));
  if (params.get('timestamps') !== 'true') lines = lines.map((line) => line.replace(STAMP, ''));
  return lines.length ? `${lines.join('\n')}\n` : '';
}

/** Answers `GET …/pods/NAME/log`: tailLines, limitBytes, sinceSeconds, sinceTime, timestamps, follow, previous. */
export function answerLog(
  store: ObjectStore,
  logs: PodLogs,
  ask: Ask,
  search: string,
  response: ServerResponse,
): undefined {
  const { namespace, name, params, kind } = ask;
  const pod = store.get(kind, namespace, name ?? '')?.object;
  if (!pod) return refuse(response, notFound(kind, name ?? ''));
  const spec = (pod.spec ?? {}) as { containers?: { name: string }[]; nodeName?: string };
  const names = (spec.containers ?? []).map((one) => one.name);
  const container = params.get('container') ?? names[0] ?? '';
  const bad = (message: string): undefined => refuse(response, status(400, 'BadRequest', message), false);
  if (!params.has('container') && names.length > 1)
    return bad(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`);
  if (!names.includes(container)) return bad(`container ${container} is not valid for pod ${name}`);
  if (params.get('previous') === 'true')
    return bad(`previous terminated container "${container}" in pod "${name}" not found`);
  const key = `${namespace}/${name}/${container}`;
  const file = logs.folder && join(logs.folder, `${key}.log`);
  const text = logs.text.get(key);
  if (text === undefined && !(file && existsSync(file))) {
    const at = `https://${spec.nodeName}:10250/containerLogs/${key}${search}`;
    const lookup = `dial tcp: lookup ${spec.nodeName}: no such host`;
    return refuse(response, status(500, '', `Get "${at}": ${lookup}`), false);
  }
  const most = Number(params.get('limitBytes')) || Number.POSITIVE_INFINITY;
  const whole = text ?? readFileSync(file as string, 'utf8');
  const begun = Buffer.from(cut(whole, params));
  response.writeHead(200, { 'Content-Type': 'text/plain', ...common(false) });
  const sent = Math.min(begun.length, most);
  response.write(begun.subarray(0, sent));
  if (params.get('follow') !== 'true' || sent >= most) {
    response.end();
    return;
  }
  follow(response, most - sent, text === undefined ? (file as string) : { logs, key }, Buffer.byteLength(whole));
}

/** Sends what is added, until so many bytes were sent or nobody reads any more. */
function follow(
  response: ServerResponse,
  most: number,
  of: string | { logs: PodLogs; key: string },
  from: number,
): void {
  let [at, left] = [from, most];
  const added = async (): Promise<Buffer> => {
    if (typeof of !== 'string') return Buffer.from(of.logs.text.get(of.key) ?? '').subarray(at);
    if (!existsSync(of) || statSync(of).size <= at) return Buffer.alloc(0);
    return Buffer.concat(await createReadStream(of, { start: at }).toArray());
  };
  const timer = setInterval(async () => {
    const more = await added();
    if (more.length === 0 || response.writableEnded) return;
    at += more.length;
    response.write(more.subarray(0, left));
    left -= more.length;
    if (left <= 0) response.end();
  }, LOOK_MS);
  response.once('close', () => clearInterval(timer));
}
