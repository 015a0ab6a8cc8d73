import type { WebClient } from '@slack/web-api';
import { type Channels, resolveChannels } from '../channels.ts';
import type { BotConfig } from '../config.ts';
import type { ListenerDeps } from '../listeners/deps.ts';
import { webhookNote } from '../permissions/notes.ts';
import { startAlertServer } from './server.ts';
import { takeAlerts } from './take.ts';

/** Starts the listener for alerts where CONFIG names one; null: it does not. */
export async function listenForAlerts(
  config: Pick<BotConfig, 'file' | 'alertmanagerToken'>,
  client: WebClient,
  deps: ListenerDeps,
): Promise<{ port: number; close: () => Promise<void> } | null> {
  const { alertmanager } = config.file;
  const { alertmanagerToken: token } = config;
  if (alertmanager === null || !token) return null;
  const channels: Channels = await resolveChannels([alertmanager.channel], client, deps.log);
  const server = await startAlertServer({
    port: alertmanager.port,
    ...(alertmanager.host !== undefined && { host: alertmanager.host }),
    token,
    log: deps.log,
    take(webhook) {
      const channel = channels.ids()?.[0];
      // Slack has not told the channel's id yet: Alertmanager sends again.
      if (channel === undefined) throw new Error(`no channel ${alertmanager.channel} that I can see`);
      return takeAlerts(webhook, { channel, hostLabels: alertmanager.hostLabels }, deps).then((taken) => {
        deps.audit?.note(webhookNote(channel, webhook.alerts.length, taken));
        return taken;
      });
    },
  });
  deps.log.info({ port: server.port, channel: alertmanager.channel }, 'alerts are taken');
  return {
    port: server.port,
    async close() {
      channels.close();
      await server.close();
    },
  };
}
