import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonsText, rights, rulesYaml } from '../proxy/kubernetes/rights.ts';
import { findTool, runTool } from './tools.ts';

export const CHART = join(import.meta.dirname, 'helm/is-it-the-ingress');
export const MANIFESTS = join(import.meta.dirname, 'kubernetes');
const NAME = 'is-it-the-ingress';

const HEAD =
  '# Rendered from deploy/helm/is-it-the-ingress with its default values by `node deploy/render.ts`: edit there.\n';

/** What the chart holds of the rights, by file name: templates cannot read TypeScript. */
export function rightsFiles(): { [file: string]: string } {
  const { cluster, namespaced, podLogs } = rights();
  const made = '# Made from proxy/kubernetes/resources.ts by `node deploy/render.ts`: edit there.\n';
  return Object.fromEntries(
    Object.entries({ cluster, namespaced, 'pod-logs': podLogs }).flatMap(([file, wanted]) => [
      [`${file}.yaml`, made + rulesYaml(wanted)],
      [`${file}.txt`, reasonsText(wanted)],
    ]),
  );
}

/** A helm that was built from source believes to speak to a cluster of 2020, so it is told a newer one. */
export const KUBE_VERSION = ['--kube-version', '1.34.0'];

/** Renders the chart. Throws with helm's own words when it refuses. */
export function helmTemplate(helm: string, args: string[] = []): string {
  const done = runTool(helm, ['template', NAME, CHART, '--namespace', NAME, ...KUBE_VERSION, ...args]);
  if (done.code !== 0) throw new Error(done.err.trim());
  return done.out;
}

/**
 * Helm's one stream as files for `kubectl apply`: one per template. What says "Helm" is taken out, since nobody manages
 * them then. Pure.
 */
export function plainManifests(rendered: string): { [file: string]: string } {
  const files: { [file: string]: string } = {};
  for (const part of rendered.split(/^---\n/m)) {
    const source = /^# Source: \S+\/templates\/(\S+)$/m.exec(part)?.[1];
    if (!source) continue;
    const body = part
      .replace(/^# Source: .*\n/m, '')
      .replace(/^ *(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm, '')
      .trim();
    files[source] = `${files[source] ?? HEAD}---\n${body}\n`;
  }
  const namespace = [
    '---',
    'apiVersion: v1',
    'kind: Namespace',
    'metadata:',
    `  name: ${NAME}`,
    '  labels:',
    '    # Everything here runs under the strictest profile that Kubernetes has.',
    '    pod-security.kubernetes.io/enforce: restricted',
    '',
  ].join('\n');
  const kustomization = [
    '# kubectl apply -k deploy/kubernetes: the place for your image and your changes, without touching the other files.',
    'apiVersion: kustomize.config.k8s.io/v1beta1',
    'kind: Kustomization',
    `resources: [namespace.yaml, ${Object.keys(files).sort().join(', ')}]`,
    `images: [{ name: ${NAME}, newName: ${NAME}, newTag: 0.1.0 }]`,
    '',
  ].join('\n');
  return { ...files, 'namespace.yaml': HEAD + namespace, 'kustomization.yaml': kustomization };
}

function write(folder: string, files: { [file: string]: string }): void {
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder)) if (!(old in files)) rmSync(join(folder, old));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
}

if (import.meta.main) {
  write(join(CHART, 'files/rights'), rightsFiles());
  const helm = findTool('helm');
  if (helm) write(MANIFESTS, plainManifests(helmTemplate(helm)));
  else process.stderr.write('helm is not here: deploy/kubernetes stays as it was (deploy/get-tools builds helm)\n');
  process.exitCode = helm ? 0 : 69;
}
