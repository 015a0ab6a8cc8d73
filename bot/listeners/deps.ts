import type { Logger } from 'pino';
import type { Planned } from '../../diagnostics/define-check.ts';
import type { Case, Change, Path } from '../../diagnostics/types.ts';
import type { findPath, Inventory } from '../../proxy/inventory/inventory.ts';
import type { Audit } from '../../workers/audit/audit.ts';
import type { Limits } from '../../workers/cases.ts';
import type { Metrics } from '../../workers/metrics.ts';
import type { Desk } from '../../workers/open-case.ts';
import type { RedisClient } from '../../workers/redis.ts';
import type { ChangeSources } from '../changes/gather.ts';
import type { newCaseId, openCase, readReport } from '../intake.ts';
import type { Model } from '../model/model.ts';
import type { MayNot } from '../permissions/permissions.ts';
import type { Gallery } from '../pictures/upload.ts';
import type { RolloutParts } from '../rollouts/parts.ts';

/** The pure half of taking a question; tests put their own in. */
export interface Intake {
  readReport: typeof readReport;
  openCase: typeof openCase;
  newCaseId: typeof newCaseId;
  findPath: typeof findPath;
  planLooks: (one: Case, path: Path) => Planned[];
}

/** What listeners are given. */
export interface ListenerDeps {
  desk: Desk;
  intake: Intake;
  inventory: () => Inventory;
  /** The inventory after a look whether its file changed a moment ago. */
  freshInventory: () => Promise<Inventory>;
  /** Everything about one host, completed by the cluster where there is one. */
  inventoryFor: (host: string, path: string) => Promise<Inventory>;
  deadlineMs: number;
  /** How much of a minute's questions is taken; left out: all. */
  limits?: Limits;
  /** Within this time after a verdict a report about the same host is a recurrence, ms; left out: four hours. */
  recurrenceMs?: number;
  /** Changes on a host's path, or on all that is known, since a time (ISO), as they are known now; left out: none are. */
  changesSince?: (from: string, about: Case['target'] | null) => Promise<{ changes: Change[]; blind: string | null }>;
  metrics: Metrics;
  log: Logger;
  now: () => number;
  /** Whether reports in this channel are answered without being asked. */
  isTriageChannel: (channel: string) => boolean;
  /** Bots whose messages count as reports. */
  alerts: readonly string[];
  /** The optional model; null: everything goes on without. */
  model: Model | null;
  /** Where what happens is written down; left out: nowhere. */
  audit?: Pick<Audit, 'note'>;
  /** Who may do what, by CONFIG; left out: everybody everything. */
  mayNot?: MayNot;
  /** The writer's IANA zone, where it is known in time. */
  zoneOf: (user: string | null) => Promise<string | null>;
  /** The name that people know somebody by, where Slack tells it in time; left out: nobody asks. Never rejects. */
  nameOf?: (user: string) => Promise<string | null>;
  /** A producer's connection. */
  redis: RedisClient;
  rolloutParts: RolloutParts;
  /** Where pictures are drawn; null or left out: everything is told in words. */
  gallery?: Gallery | null;
  /** What tells of changes beside the change feed; left out: nothing does. */
  changeSources?: ChangeSources;
  /** How many channels are configured whose reports are answered unasked; left out: none. */
  triageChannels?: () => number;
}
