import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { reasonOf } from '../../diagnostics/errors.ts';
import type { Metrics } from '../metrics.ts';
import { isUp, type RedisClient } from '../redis.ts';
import type { AuditKind, Draft, Facts } from './entry.ts';
import { redactWords } from './redact.ts';
import { type Sink, sinkTo } from './sink.ts';
import { type AuditStore, auditStore } from './store.ts';

/** CONFIG `audit`. */
export interface AuditConfig {
  /** How long entries are kept, ms. */
  keep: number;
  /** What all of them may take in Redis. */
  maxBytes: number;
  /** Where lines are written as well; `stdout`: the process's output; null: nowhere. */
  file: string | null;
}

/** Something that happened. `once`: the same name is written once a day, whoever notes it how often. */
export interface Note {
  kind: AuditKind;
  by: string | null;
  in: string | null;
  facts: Facts;
  once?: string;
}

/** The log of one process. `note` never waits and never throws: an answer must not fail because it cannot be written down. */
export interface Audit {
  note: (note: Note) => void;
  /** Entries that wait to be written. */
  waiting: () => number;
  /** Writes what waits, for so long, ms. */
  close: (graceMs: number) => Promise<void>;
}

/** While the store is away so many are remembered; more are counted and given up. */
const MOST_WAITING = 10_000;
const BATCH = 50;
const RETRY_MS = 1000;
/** Failures in a row that are no news: at a start Redis is often a moment later than we are. */
const QUIET = 3;
const TRIM_MS = 600_000;
/** Longer than Slack delivers anything again (24 h); of what has no name of its own only the retry of a lost reply. */
const ONCE_S = { named: 26 * 60 * 60, own: 600 };

/** Writes to the store in the background, one batch at a time, in the order of notes; tries for as long as the store is away. */
export function createAudit(parts: {
  redis: RedisClient;
  config: AuditConfig;
  process: 'bot' | 'workers';
  metrics: Metrics;
  log: Logger;
  now?: () => number;
  /** Of free text; always after it: `redactWords`. */
  redact?: (text: string) => string;
  sink?: Sink;
}): Audit {
  const { redis, config, metrics, log } = parts;
  const now = parts.now ?? Date.now;
  const redact = parts.redact ?? ((text: string) => text);
  const store: AuditStore = auditStore(redis);
  const sink = parts.sink ?? sinkTo(config.file);
  const me = `${parts.process}-${randomUUID().slice(0, 8)}`;
  const waiting: Draft[] = [];
  let lost = { count: 0, from: '', to: '' };
  let writing: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;
  let away = 0;
  let closed = false;

  function note({ kind, by, in: where, facts, once }: Note): void {
    const at = new Date(now()).toISOString();
    if (waiting.length >= MOST_WAITING) {
      lost = { count: lost.count + 1, from: lost.from || at, to: at };
      metrics.audited('lost', 1);
      return;
    }
    const name = once === undefined ? { once: randomUUID(), onceS: ONCE_S.own } : { once, onceS: ONCE_S.named };
    waiting.push({ at, kind, process: me, by, in: where, facts: clean(facts, redact), ...name });
    kick();
  }

  function kick(): void {
    if (writing !== null || retry !== undefined || closed) return;
    // In a moment, so that what happens together is written together.
    writing = new Promise<void>((resolve) => setImmediate(resolve)).then(write).finally(() => {
      writing = null;
      if (waiting.length > 0) kick();
    });
  }

  /** Never rejects. */
  async function write(): Promise<void> {
    if (waiting.length === 0) return;
    try {
      if (!isUp(redis)) throw new Error('redis is away');
      const batch = waiting.slice(0, BATCH);
      const { bodies, bytes } = await store.append(batch);
      waiting.splice(0, batch.length);
      metrics.audited('kept', bodies.length);
      await sink.write(bodies).catch((error: unknown) => {
        metrics.audited('sink-failed', bodies.length);
        log.error({ reason: reasonOf(error), file: config.file }, 'audit: lines were not written to the file');
      });
      if (waiting.length === 0) {
        if (away > QUIET) log.warn({ failed: away }, 'audit: caught up');
        away = 0;
      }
      if (lost.count > 0 && waiting.length === 0) {
        const facts = { ...lost };
        lost = { count: 0, from: '', to: '' };
        note({ kind: 'lost', by: null, in: null, facts });
      }
      if (bytes > config.maxBytes) await trim();
    } catch (error) {
      metrics.audited('failed', 1);
      if (away === QUIET)
        log.error({ reason: reasonOf(error), waiting: waiting.length }, 'audit: not written; it is tried until it is');
      away += 1;
      retry = setTimeout(() => {
        retry = undefined;
        kick();
      }, RETRY_MS).unref();
    }
  }

  const trim = async (): Promise<void> => {
    if (!isUp(redis)) return;
    try {
      const entries = await store.trim(now(), { keepMs: config.keep, maxBytes: config.maxBytes }, me);
      const { n, hash } = await store.head();
      // A digest that stands elsewhere too: who rewrites the whole chain would have to rewrite the logs.
      log.info({ audit: { n, hash, trimmed: entries } }, 'audit');
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'audit: not trimmed');
    }
  };
  const timer = setInterval(trim, TRIM_MS).unref();

  return {
    note,
    waiting: () => waiting.length,
    async close(graceMs) {
      clearInterval(timer);
      clearTimeout(retry);
      retry = undefined;
      const until = Date.now() + graceMs;
      for (kick(); waiting.length > 0 && retry === undefined && Date.now() < until; kick()) await writing;
      await writing;
      closed = true;
      clearTimeout(retry);
      if (waiting.length > 0) log.error({ waiting: waiting.length }, 'audit: entries were given up at the stop');
      await sink.close();
    },
  };
}

/** Words of people are redacted, names of ours only cut. */
const WORDS = new Set(['text', 'reason', 'why', 'title']);

function clean(facts: Facts, redact: (text: string) => string): Facts {
  const one = (name: string, value: string): string =>
    WORDS.has(name) ? redactWords(redact(value)) : value.replace(/\s+/g, ' ').slice(0, 300);
  return Object.fromEntries(
    Object.entries(facts)
      .slice(0, 40)
      .map(([name, value]) => {
        if (typeof value === 'string') return [name, one(name, value)];
        if (!Array.isArray(value)) return [name, value];
        return [name, value.slice(0, 20).map((each) => (typeof each === 'string' ? one(name, each) : each))];
      }),
  );
}
