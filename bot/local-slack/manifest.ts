import { z } from 'zod';
import type { AppConfig } from './types.ts';

const url = z.string().optional();

const manifestSchema = z.object({
  display_information: z.object({ name: z.string(), description: z.string().optional() }),
  features: z
    .object({
      app_home: z.object({ home_tab_enabled: z.boolean().optional() }).optional(),
      bot_user: z.object({ display_name: z.string() }).optional(),
      shortcuts: z
        .array(
          z.object({
            type: z.enum(['message', 'global']),
            name: z.string().max(24),
            callback_id: z.string().max(255),
            description: z.string().max(150),
          }),
        )
        .max(10)
        .optional(),
      slash_commands: z
        .array(
          z.object({
            command: z.string().startsWith('/').max(32),
            description: z.string().max(2000),
            usage_hint: z.string().max(1000).optional(),
            should_escape: z.boolean().optional(),
            url,
          }),
        )
        .max(50)
        .optional(),
    })
    .optional(),
  oauth_config: z.object({
    scopes: z.object({ bot: z.array(z.string()), bot_optional: z.array(z.string()).optional() }),
  }),
  settings: z.object({
    event_subscriptions: z.object({ bot_events: z.array(z.string()).optional(), request_url: url }).optional(),
    interactivity: z.object({ is_enabled: z.boolean(), request_url: url }).optional(),
    socket_mode_enabled: z.boolean().optional(),
  }),
});

/** An app's manifest as its YAML reads, so far as this stand-in acts on it; other keys are let through. */
export type Manifest = z.input<typeof manifestSchema>;

/**
 * Reads a manifest object.
 * @throws Error naming the key that is wrong
 * @see https://docs.slack.dev/reference/app-manifest
 */
export function readManifest(manifest: unknown): AppConfig {
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success) throw new Error(`manifest: ${z.prettifyError(parsed.error)}`);
  const { display_information: display, features, oauth_config: oauth, settings } = parsed.data;
  return {
    name: display.name,
    botName: features?.bot_user?.display_name ?? display.name,
    scopes: oauth.scopes.bot,
    optionalScopes: oauth.scopes.bot_optional ?? [],
    commands: (features?.slash_commands ?? []).map((c) => ({
      command: c.command,
      description: c.description,
      hint: c.usage_hint ?? '',
      escape: c.should_escape ?? false,
      ...(c.url && { url: c.url }),
    })),
    shortcuts: (features?.shortcuts ?? []).map((s) => ({
      type: s.type,
      name: s.name,
      callbackId: s.callback_id,
      description: s.description,
    })),
    events: settings.event_subscriptions?.bot_events ?? [],
    eventsUrl: settings.event_subscriptions?.request_url,
    interactivity: settings.interactivity?.is_enabled ?? false,
    interactivityUrl: settings.interactivity?.request_url,
    homeTab: features?.app_home?.home_tab_enabled ?? false,
    socketMode: settings.socket_mode_enabled ?? false,
  };
}

/** The triage bot's manifest in its Socket Mode form. */
export const defaultManifest: Manifest = {
  display_information: { name: 'Ingress Triage', description: 'Is it the ingress? Incident triage and rollout notes' },
  features: {
    app_home: { home_tab_enabled: true },
    bot_user: { display_name: 'ingress-triage' },
    shortcuts: [
      {
        type: 'message',
        name: 'Triage this message',
        callback_id: 'triage_message',
        description: 'Start an ingress triage in this thread',
      },
    ],
    slash_commands: [
      {
        command: '/ingress-check',
        description: 'Is it the ingress?',
        usage_hint: '[host or service] [since=30m] | help',
        should_escape: true,
      },
      {
        command: '/ingress-rollout',
        description: 'Announce a rollout of the ingress',
        usage_hint: '[what changes] | list | help',
        should_escape: false,
      },
    ],
  },
  oauth_config: {
    scopes: {
      bot: [
        'app_mentions:read',
        'channels:history',
        'channels:read',
        'chat:write',
        'commands',
        'files:write',
        'reactions:read',
        'reactions:write',
        'users:read',
      ],
      bot_optional: [
        'bookmarks:write',
        'chat:write.public',
        'groups:history',
        'groups:read',
        'im:history',
        'links:read',
        'links:write',
        'pins:write',
        'usergroups:read',
        'users:read.email',
      ],
    },
  },
  settings: {
    event_subscriptions: {
      bot_events: [
        'app_home_opened',
        'app_mention',
        'channel_archive',
        'channel_id_changed',
        'channel_rename',
        'message.channels',
        'reaction_added',
        'reaction_removed',
      ],
    },
    interactivity: { is_enabled: true },
    socket_mode_enabled: true,
  },
};
