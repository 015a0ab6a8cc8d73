import type { Instance, Path, PathHop } from '../../diagnostics/types.ts';

/** The object that a fact of a hop stands in: the first of these kinds that the hop names; else where all of it is from. */
function objectOf(hop: PathHop, ...kinds: string[]): string {
  const found = kinds.map((kind) => hop.from.find((from) => from.startsWith(`${kind} `))).find((one) => one);
  return `   [${(found ?? hop.from[0] ?? '').replace(/ \(.*$/, '')}]`;
}

const WORKLOADS = ['Deployment', 'DaemonSet', 'StatefulSet'];

function addresses(one: Instance): string {
  const parts = [
    one.https && `https ${one.https}`,
    one.http && `http ${one.http}`,
    one.metrics && `metrics ${one.metrics}`,
  ];
  const notes = [
    one.more.ready === false && 'not ready',
    one.more.unschedulable === true && 'cordoned',
    one.more.leaving && 'leaving',
  ];
  const said = notes.filter((note) => note);
  return `${parts.filter((part) => part).join('  ') || 'no address'}${said.length ? ` (${said.join(', ')})` : ''}`;
}

function instanceLines(hop: PathHop): string[] {
  const kind = hop.hop === 'node' ? 'Node' : 'Pod';
  return hop.instances.map((one) => {
    const object = hop.discovered ? `   [${kind} ${kind === 'Pod' ? (one.more.pod ?? one.name) : one.name}]` : '';
    return `${one.name}: ${addresses(one)}${object}`;
  });
}

const slicesOf = (hop: PathHop): string[] => hop.from.filter((one) => one.startsWith('EndpointSlice '));

function endpointLines(hop: PathHop): string[] {
  if (hop.hop !== 'service') return [];
  if (hop.endpoints === null) return ['endpoints: not known'];
  if (hop.endpoints.length === 0) return ['endpoints: none'];
  // Of several slices the path does not keep which one an endpoint is from: they are named below.
  const from = hop.discovered && slicesOf(hop).length === 1 ? objectOf(hop, 'EndpointSlice') : '';
  return hop.endpoints.map((one) => `${one.name} ${one.address}${one.ready === false ? ' (not ready)' : ''}${from}`);
}

/** What the facts of a hop are, one a line, each with the object that says it. */
function lines(hop: PathHop): string[] {
  const found = hop.discovered === true;
  const cited = (text: string, ...kinds: string[]): string => `${text}${found ? objectOf(hop, ...kinds) : ''}`;
  const declared = hop.differs?.map(
    (one) => `${one.key}: the file says ${JSON.stringify(one.file)}, the cluster ${JSON.stringify(one.cluster)}`,
  );
  const policy = hop.settings.externalTrafficPolicy;
  return [
    ...hop.listeners.map((one) => cited(`at ${one.address} (${one.scheme})`, 'Service')),
    ...(policy === undefined ? [] : [cited(`externalTrafficPolicy ${policy}`, 'Service')]),
    ...(hop.expects === null ? [] : [cited(`expects PROXY header: ${hop.expects}`, 'ConfigMap', ...WORKLOADS)]),
    ...(hop.sends === null ? [] : [cited(`sends PROXY header: ${hop.sends}`, 'Service')]),
    ...(hop.to === null ? [] : [cited(`speaks ${hop.to} to the next hop`, 'Ingress', 'Service')]),
    ...(declared ?? []),
    ...instanceLines(hop),
    ...endpointLines(hop),
  ];
}

const MINUTE = 60_000;

/** How old what is known of a cluster is; nothing to say of less than a minute. */
function age(asOf: string | null, now: Date): string {
  if (asOf === null) return ', of which nothing is known';
  const minutes = Math.floor((now.getTime() - Date.parse(asOf)) / MINUTE);
  return minutes < 1 ? '' : `, as it was ${minutes} min ago (${asOf})`;
}

/** A path for a person: a hop a paragraph, outermost first, each fact with the object that it stands in. */
export function pathText(path: Path, now: Date): string {
  const { cluster } = path;
  const out = [`${path.host}${path.path}${cluster ? ` in ${cluster.name}${age(cluster.asOf, now)}` : ''}`];
  for (const hop of path.hops) {
    out.push(`-> ${hop.hop} ${hop.name} (${hop.kind})`);
    // What leads here, and what of it has no line of its own.
    const cited = slicesOf(hop).length > 1 ? /^(Pod|Node) / : /^(Pod|Node|EndpointSlice) /;
    const from = hop.from.filter((one) => !hop.discovered || !cited.test(one));
    out.push(...[...lines(hop), `from ${from.join('; ')}`].map((line) => `     ${line}`));
  }
  for (const { objects, why } of path.ambiguous) out.push(`ambiguous: ${why} (${objects.join(', ')})`);
  for (const { object, why } of path.unserved ?? []) out.push(`nobody serves ${object}: ${why}`);
  for (const one of path.unknown) out.push(`unknown: ${one}`);
  return `${out.join('\n')}\n`;
}
