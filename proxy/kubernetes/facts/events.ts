import type { EventFacts } from '../../../diagnostics/io/cluster-reader.ts';
import type { Window } from '../../../diagnostics/window.ts';
import type { ClusterEvent } from '../objects.ts';
import { type ClusterView, keyOf } from '../view.ts';
import { needs } from './rights.ts';

const MOST = 200;

const aboutOf = ({ about }: ClusterEvent): string => `${about.kind} ${keyOf(about.namespace, about.name)}`;

/**
 * Events about these objects (`Kind namespace/name`, or a namespace) that happened in a window, oldest first. Repeats
 * stand in one event: it belongs to the window when some of them may. Throws BlindLook when events may not be read.
 */
export function eventFacts(view: ClusterView, about: string[], window: Window): EventFacts[] {
  const wanted = new Set(about);
  const spaces = [
    ...new Set(about.map((one) => /^\S+ (?:([^/]+)\/)?/.exec(one)?.[1] ?? (one.includes(' ') ? '' : one))),
  ];
  for (const namespace of spaces) needs(view, namespace, 'events');
  const [from, to] = [Date.parse(window.from), Date.parse(window.to)];
  const found: EventFacts[] = [];
  for (const event of view.objects.events.values()) {
    const name = aboutOf(event);
    if (!wanted.has(name) && !wanted.has(event.about.namespace)) continue;
    const last = Date.parse(event.last ?? event.first ?? '');
    const first = Date.parse(event.first ?? event.last ?? '');
    if (Number.isNaN(last) || last < from || first > to) continue;
    found.push({
      at: new Date(last).toISOString(),
      first: Number.isNaN(first) ? null : new Date(first).toISOString(),
      count: event.count,
      type: event.type,
      reason: event.reason,
      about: name,
      message: event.message.slice(0, 300),
      from: event.from,
    });
  }
  return found.sort((a, b) => a.at.localeCompare(b.at)).slice(-MOST);
}
