import { stringify } from 'yaml';

/** A kubeconfig for a server: with a token, or the file that holds one. */
export function kubeconfigOf(options: {
  url: string;
  /** PEM; null for clear HTTP. */
  ca: string | null;
  context: string;
  token?: string;
  tokenFile?: string;
}): string {
  const { url, ca, context, token, tokenFile } = options;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [
      {
        name: context,
        cluster: { server: url, ...(ca && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }) },
      },
    ],
    users: [{ name: `${context}-reader`, user: { ...(token && { token }), ...(tokenFile && { tokenFile }) } }],
    contexts: [{ name: context, context: { cluster: context, user: `${context}-reader` } }],
  });
}
