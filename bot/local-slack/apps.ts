import { idOf, newId, secret } from './ids.ts';
import type { App, AppConfig } from './types.ts';
import type { Workspace } from './workspace.ts';

/**
 * Installs an app: a bot user, its tokens and its scopes.
 * @param grantOptional whether the workspace also granted what the manifest calls optional
 */
export function installApp(workspace: Workspace, config: AppConfig, grantOptional = false): App {
  const id = idOf('A', config.name);
  const app: App = {
    id,
    botUserId: idOf('U', `bot:${config.botName}`),
    botId: idOf('B', config.name),
    botToken: `xoxb-local-${secret(12)}`,
    appToken: `xapp-1-${id}-local-${secret(12)}`,
    signingSecret: secret(),
    verificationToken: newId('V'),
    config,
    scopes: new Set([...config.scopes, ...(grantOptional ? config.optionalScopes : [])]),
  };
  workspace.addUser({
    id: app.botUserId,
    name: config.botName,
    realName: config.name,
    isBot: true,
    appId: app.id,
    botId: app.botId,
  });
  return app;
}

/** The configuration of a bot that only posts, such as an alert manager. */
export function postingBot(name: string): AppConfig {
  return {
    name,
    botName: name.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
    scopes: ['chat:write'],
    optionalScopes: [],
    commands: [],
    shortcuts: [],
    events: [],
    interactivity: false,
    homeTab: false,
    socketMode: false,
  };
}
