import { type Draft, defineCheck, type ReadScope } from '../define-check.ts';
import type { ProxySettings } from '../io/proxy-settings.ts';
import {
  hopTitle,
  lookAtSettings,
  type PartSettings,
  type PathSettings,
  planSettings,
  showLine,
} from '../settings/look.ts';
import { seconds } from '../settings/sides.ts';
import { endedSupport, hasLateHeaderBug } from '../settings/support.ts';
import type { PathHop } from '../types.ts';
import { visible } from '../wording.ts';

type At = { proxy: string; from: string };
interface RiskFacts {
  NOTE_WORKERS_ABOVE_CPU_LIMIT: At & { workers: number | string; cores: number };
  NOTE_BACKLOG_ABOVE_SOMAXCONN: At & { backlog: number; somaxconn: number; listener: string };
  NOTE_TIMEOUT_OFF: At & { timeout: string };
  NOTE_TIMEOUT_HUGE: At & { timeout: string; seconds: number };
  NOTE_OLD_WORKERS_UNBOUNDED: At;
  NOTE_FILES_BELOW_CONNECTIONS: At & { files: number; connections: number };
  NOTE_END_OF_SUPPORT: At & { line: string; since: string; to: string };
  NOTE_LATE_PROXY_HEADER_BUG: At & { version: string; listener: string };
  NOTE_CONFIG_NOT_UNDERSTOOD: At & { what: string; count: number };
  NO_CONFIG_RISKS: { proxies: string[] };
}

/** Longer than this nobody waits, and whatever hangs holds its connection so long, s. */
const HUGE = 3_600;
const NGINX = new Set(['nginx', 'ingress-nginx']);
/** nginx asks for 511 where nobody says (nginx.org: listen, backlog, on Linux). */
const NGINX_BACKLOG = 511;

const NAMES: { [key: string]: string } = {
  upstreamRead: 'how long it waits for an answer',
  connect: 'how long it waits for a connection',
  client: 'how long it waits for its callers',
  clientHeader: 'how long it waits for a request',
};

/** Timeouts that are off or endless: stated ones, and HAProxy's missing ones, of which it warns itself. */
function timeoutNotes(kind: string, at: At, settings: ProxySettings): Draft<RiskFacts>[] {
  return Object.entries(NAMES).flatMap(([key, timeout]): Draft<RiskFacts>[] => {
    const setting = settings.timeouts[key as keyof ProxySettings['timeouts']];
    if (!setting || (setting.where === null && !kind.startsWith('haproxy'))) return [];
    const from = setting.where ?? 'not set';
    if (setting.value === 0) return [{ code: 'NOTE_TIMEOUT_OFF', facts: { ...at, from, timeout } }];
    if (setting.value <= HUGE) return [];
    return [{ code: 'NOTE_TIMEOUT_HUGE', facts: { ...at, from, timeout, seconds: setting.value } }];
  });
}

function backlogNote(kind: string, at: At, part: PartSettings, settings: ProxySettings): Draft<RiskFacts>[] {
  const { somaxconn } = part;
  if (somaxconn === null) return [];
  const asked = (one: ProxySettings['listeners'][number]): number =>
    one.backlog ?? (NGINX.has(kind) ? NGINX_BACKLOG : 0);
  const worst = settings.listeners.filter((one) => asked(one) > somaxconn).sort((a, b) => asked(b) - asked(a))[0];
  if (!worst) return [];
  const facts = { ...at, from: worst.where ?? 'default', backlog: asked(worst), somaxconn, listener: worst.address };
  return [{ code: 'NOTE_BACKLOG_ABOVE_SOMAXCONN', facts }];
}

function notes(hop: PathHop, part: PartSettings, settings: ProxySettings, day: string): Draft<RiskFacts>[] {
  const at = { proxy: hopTitle(hop), from: settings.source };
  const { workers, connections, files } = settings.limits;
  const found: Draft<RiskFacts>[] = [];
  const cores = Number(hop.settings.worker_cpu_limit);
  // `auto` counts the cores of the machine, not what the container may use (nginx.org: worker_processes).
  if (workers && cores > 0 && (workers.value === 'auto' ? NGINX.has(hop.kind) : workers.value > Math.max(1, cores) * 2))
    found.push({
      code: 'NOTE_WORKERS_ABOVE_CPU_LIMIT',
      facts: { ...at, from: workers.where ?? 'default', workers: workers.value, cores },
    });
  found.push(...backlogNote(hop.kind, at, part, settings), ...timeoutNotes(hop.kind, at, settings));
  const { drain } = settings.timeouts;
  if (drain?.value === 0 && (NGINX.has(hop.kind) || hop.kind.startsWith('haproxy')))
    found.push({ code: 'NOTE_OLD_WORKERS_UNBOUNDED', facts: { ...at, from: drain.where ?? 'not set' } });
  if (files && connections && NGINX.has(hop.kind) && files.value < connections.value)
    found.push({
      code: 'NOTE_FILES_BELOW_CONNECTIONS',
      facts: { ...at, from: files.where ?? 'default', files: files.value, connections: connections.value },
    });
  const ended = endedSupport(hop.kind, settings.software, day);
  if (ended) found.push({ code: 'NOTE_END_OF_SUPPORT', facts: { ...at, ...ended } });
  const late = settings.listeners.find((one) => one.proxyHeader === 'optional');
  if (hop.kind === 'traefik' && late && hasLateHeaderBug(settings.software))
    found.push({
      code: 'NOTE_LATE_PROXY_HEADER_BUG',
      facts: { ...at, from: late.where ?? at.from, version: settings.software ?? '', listener: late.address },
    });
  const [problem] = settings.problems;
  if (problem)
    found.push({
      code: 'NOTE_CONFIG_NOT_UNDERSTOOD',
      facts: { ...at, from: problem.where, what: clean(problem.what), count: settings.problems.length },
    });
  return found;
}

/** A message may hold a piece of a hostile file. */
const clean = (text: string): string => visible(text).slice(0, 200);

function read(row: PathSettings, scope: ReadScope): Draft<RiskFacts>[] {
  const day = scope.case.at.slice(0, 10);
  const found: Draft<RiskFacts>[] = [];
  const titles: string[] = [];
  for (const hop of scope.path.hops) {
    const seen = new Set<string>();
    for (const part of row.parts.filter((one) => one.hop === hop.name)) {
      if (!part.settings) continue;
      titles.push(hopTitle(hop));
      // Replicas are set up alike: what holds for all is said once.
      for (const one of notes(hop, part, part.settings, day)) {
        const key = `${one.code} ${'timeout' in one.facts ? one.facts.timeout : ''}`;
        if (!seen.has(key)) found.push(one);
        seen.add(key);
      }
    }
  }
  if (found.length === 0) found.push({ code: 'NO_CONFIG_RISKS', facts: { proxies: [...new Set(titles)] } });
  return found;
}

const show = (f: At): string | null => showLine(f.from);

/** Which lines of the proxies' configurations are a risk? Notes: none of them convicts anybody by itself. */
export const configRisks = defineCheck<PathSettings, RiskFacts>({
  id: 'config-risks',
  title: 'Risks in the configuration',
  asks: 'Which settings of the proxies would make trouble worse, or will make some one day?',
  vantages: ['inside'],
  budgetMs: 6_000,
  plan: (scope) => planSettings('config-risks', scope),
  look: (io, look, _address, signal) => lookAtSettings(io, look, signal, { somaxconn: true }),
  read,
  findings: {
    NOTE_WORKERS_ABOVE_CPU_LIMIT: {
      hop: 'proxy',
      direction: 'context',
      title: 'Note: more workers than the CPU limit lets run',
      says: (f) =>
        `${f.proxy} starts ${f.workers === 'auto' ? 'a worker for each core of the machine' : `${f.workers} workers`} (${f.from}) under a limit of ${f.cores} ${f.cores === 1 ? 'core' : 'cores'}: under load they are throttled together.`,
      next: (f) => `Set the number of workers to ${Math.max(1, Math.ceil(f.cores))}.`,
      reproduce: show,
    },
    NOTE_BACKLOG_ABOVE_SOMAXCONN: {
      hop: 'proxy',
      direction: 'context',
      title: 'Note: the kernel grants a shorter accept queue than is asked for',
      says: (f) =>
        `${f.proxy} asks for an accept queue of ${f.backlog} on ${f.listener} (${f.from}); net.core.somaxconn there is ${f.somaxconn}, and that is what it gets.`,
      next: (f) => `Raise net.core.somaxconn to ${f.backlog} where ${f.proxy} runs.`,
      reproduce: () => 'cat /proc/sys/net/core/somaxconn',
    },
    NOTE_TIMEOUT_OFF: {
      hop: 'proxy',
      direction: 'context',
      title: 'Note: a timeout is switched off',
      says: (f) => `${f.proxy} has no limit for ${f.timeout} (${f.from}): what hangs holds its connection for ever.`,
      next: (f) => `Set a limit for ${f.timeout}.`,
      reproduce: show,
    },
    NOTE_TIMEOUT_HUGE: {
      hop: 'proxy',
      direction: 'context',
      title: 'Note: a timeout of more than an hour',
      says: (f) =>
        `${f.proxy}: ${f.timeout} is ${seconds(f.seconds)} (${f.from}): what hangs holds its connection so long.`,
      next: (f) => `Set ${f.timeout} to what callers really wait.`,
      reproduce: show,
    },
    NOTE_OLD_WORKERS_UNBOUNDED: {
      hop: 'proxy',
      direction: 'context',
      title: 'Note: nothing ends old workers after a reload',
      says: (f) =>
        `${f.proxy} sets no limit to the life of old workers (${f.from}): each reload leaves one set for as long as its last connection lasts.`,
      next: () => 'Set worker_shutdown_timeout (nginx) or hard-stop-after (HAProxy).',
      reproduce: () => null,
    },
    NOTE_FILES_BELOW_CONNECTIONS: {
      hop: 'proxy',
      direction: 'context',
      title: 'Note: fewer files than connections',
      says: (f) =>
        `${f.proxy} lets a worker open ${f.files} files (${f.from}), fewer than its ${f.connections} connections: it runs out of files first.`,
      next: (f) => `Set worker_rlimit_nofile above ${f.connections}.`,
      reproduce: show,
    },
    NOTE_END_OF_SUPPORT: {
      hop: 'proxy',
      direction: 'context',
      title: 'Note: this version is out of support',
      says: (f) => `${f.proxy}: ${f.line} has had no support since ${f.since}: faults and holes in it stay.`,
      next: (f) => `Plan the way to ${f.to}.`,
      reproduce: () => null,
    },
    NOTE_LATE_PROXY_HEADER_BUG: {
      hop: 'proxy',
      direction: 'context',
      title: 'Note: this version mistakes a late PROXY header for clear text',
      says: (f) =>
        `${f.proxy} is ${f.version} and reads PROXY headers on ${f.listener} (${f.from}): one that is 200 ms late is answered 400 in clear text on a TLS port (traefik#10047).`,
      next: () => 'Upgrade to 2.11 or 3.x, or switch the PROXY header off on both sides.',
      reproduce: show,
    },
    NOTE_CONFIG_NOT_UNDERSTOOD: {
      hop: 'proxy',
      direction: 'context',
      title: 'Note: a part of the configuration could not be read',
      says: (f) =>
        `${f.count === 1 ? 'One part' : `${f.count} parts`} of the configuration of ${f.proxy} could not be read: ${f.what} (${f.from}).`,
      next: () => 'See whether the proxy reads it; what it says is missing here.',
      reproduce: show,
    },
    NO_CONFIG_RISKS: {
      hop: 'proxy',
      direction: 'context',
      title: 'No risks in the configuration',
      says: (f) => `The configuration of ${f.proxies.join(', ')} holds none of the risks that are looked for.`,
      next: () => 'Nothing to do here.',
      reproduce: () => null,
    },
  },
});
