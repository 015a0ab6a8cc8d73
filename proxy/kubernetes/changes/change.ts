import { createHash } from 'node:crypto';
import type { Change } from '../../../diagnostics/types.ts';
import { cleanLine } from '../../adapters/logs/clean.ts';
import type { Meta } from '../objects.ts';
import { keyOf } from '../view.ts';

/** A change of a cluster, named so that several watchers of one cluster name it alike. */
export interface ClusterChange extends Change {
  id: string;
  /** Names by which a path may know it: of hops, instances and endpoints, `Kind namespace/name`, `Host name`, … */
  about: string[];
  /** What machines do all day (pods, events): it must not push out what people changed. */
  often: boolean;
}

/** In `about`: it concerns every path of the cluster. */
export const EVERYWHERE = '*';
/** A path has at most so many names of its own in one change: a NetworkPolicy may be about a thousand pods. */
const MOST_NAMES = 40;
const MOST_SUMMARY = 400;

export const digest = (value: unknown): string =>
  createHash('sha256')
    .update(typeof value === 'string' ? value : JSON.stringify(value))
    .digest('base64url')
    .slice(0, 12);

export const refOf = (kind: string, meta: Meta): string => `${kind} ${keyOf(meta.namespace, meta.name)}`;

/**
 * Makes a change. `state`: what it led to; two watchers that saw it in one step or in several agree on it, so it is part
 * of the name.
 */
export function changed(
  at: string,
  what: {
    uid: string;
    kind: string;
    object: string;
    summary: string;
    by?: string | null;
    about?: string[];
    state: unknown;
    often?: boolean;
    /** Nobody wrote down when it happened, so that each watcher has its own moment: the time is no part of its name. */
    timeless?: boolean;
  },
): ClusterChange {
  const time = Date.parse(at);
  const iso = new Date(Number.isNaN(time) ? 0 : time).toISOString();
  return {
    id: `${what.uid || what.object}:${what.kind}:${digest([what.timeless ? null : iso, what.state])}`,
    at: iso,
    kind: what.kind,
    object: what.object,
    summary: cleanLine(what.summary, MOST_SUMMARY),
    ...(what.by && { by: cleanLine(what.by, 100) }),
    about: [...new Set([what.object, ...(what.about ?? [])])].slice(0, MOST_NAMES),
    often: what.often ?? false,
  };
}

const MOST_PHRASES = 4;
/** The first of some phrases, and how many there are besides. Empty for none. */
export function phrases(all: string[]): string {
  const more = all.length - MOST_PHRASES;
  return `${all.slice(0, MOST_PHRASES).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

const shown = (value: unknown): string =>
  value === null || value === undefined || value === '' ? 'none' : cleanLine(String(value), 80) || 'none';

/** `what: before -> after`, where they differ. */
export function difference(what: string, before: unknown, after: unknown): string[] {
  return String(before ?? '') === String(after ?? '') ? [] : [`${what}: ${shown(before)} -> ${shown(after)}`];
}

/** What differs between two maps of strings, each by its key. `name` may shorten a key, or leave it out (null). */
export function differences(
  before: { [key: string]: string },
  after: { [key: string]: string },
  name: (key: string) => string | null = (key) => key,
): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    const as = name(key);
    return as === null ? [] : difference(as, before[key], after[key]);
  });
}

/** Annotations that proxies, balancers and their controllers read as settings. */
const SETTINGS =
  /^(nginx\.ingress\.kubernetes\.io|traefik\.ingress\.kubernetes\.io|haproxy(-ingress)?\.(org|github\.io)|ingress\.kubernetes\.io|kubernetes\.io\/ingress|alb\.ingress\.kubernetes\.io|service\.beta\.kubernetes\.io|projectcontour\.io|gateway\.envoyproxy\.io|cloud\.google\.com|networking\.gke\.io|metallb\.(io|universe\.tf)|cert-manager\.io|prometheus\.io|external-dns\.)/;
/** What controllers write into annotations as their status. */
const STATUS =
  /neg-status$|^ingress\.kubernetes\.io\/(backends|forwarding-rule|https-forwarding-rule|target-proxy|https-target-proxy|url-map|ssl-cert|static-ip)$|ip-allocated-from-pool$/;

/** Settings in annotations that differ; what controllers write there about themselves is none. */
export const annotationChanges = (before: Meta, after: Meta): string[] =>
  differences(before.annotations, after.annotations, (key) =>
    SETTINGS.test(key) && !STATUS.test(key) ? (key.split('/')[1] ?? key) : null,
  );

/** Settings in annotations, as a part of what a change led to. */
export const settingsIn = (meta: Meta): string[] => annotationChanges({ ...meta, annotations: {} }, meta);

/** Managers of fields as people call them (kube-controller-manager writes for autoscalers and rollouts). */
const MANAGERS: { [manager: string]: string } = {
  'kube-controller-manager': 'kube-controller-manager',
  'kubectl-client-side-apply': 'kubectl apply',
  'kubectl-edit': 'kubectl edit',
  'kubectl-patch': 'kubectl patch',
  'kubectl-rollout': 'kubectl rollout',
  'kubectl-cordon': 'kubectl cordon',
  'kubectl-create': 'kubectl create',
  'kubectl-scale': 'kubectl scale',
};
/** Who wants to be called so may name itself `constructor`: only what stands in the list itself counts. */
export const by = ({ changed: last }: Meta): string | null =>
  last && (Object.hasOwn(MANAGERS, last.by) ? (MANAGERS[last.by] as string) : last.by);
