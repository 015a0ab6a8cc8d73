/** The words of the lab: what a world offers, and what a fault is. A leaf but for diagnostics' own words. */
import type { Answer, Hop } from '../../diagnostics/types.ts';
import type { Balancer } from './balancer.ts';
import type { Certificates } from './certificates.ts';
import type { Edge } from './edge.ts';
import type { InventoryNotes } from './inventory-file.ts';
import type { Visits } from './outside/protocol.ts';
import type { Outside } from './outside.ts';
import type { WorldPorts } from './ports.ts';
import type { TraefikProxy } from './traefik.ts';
import type { UserRequest, UserSaw } from './user-request.ts';

export interface FaultState {
  name: string;
  title: string;
  /** What to look for, for the one who presses the switch. */
  hint: string;
  host: string;
  /** What a person would write. */
  report: string;
  on: boolean;
  /** null: it can be injected here; else why not. */
  unavailable: string | null;
}

/** A path made of real processes on loopback. */
export interface World {
  /** Absolute folder of everything that belongs to it. */
  dir: string;
  /** Its inventory file, as an operator would have written it. */
  inventory: string;
  ports: WorldPorts;
  /** Where users reach each host: `127.0.0.1:PORT`. */
  addresses: Record<string, string>;
  hosts: string[];
  /** Certificate file of the root that users trust. */
  trust: string;
  /** Masters by name: public, edge-1, edge-2, traefik, outside, guard. */
  pids: Record<string, number>;
  faults(): FaultState[];
  /** Ends the fault that is on, then brings this one about; resolves once users can see it. */
  inject(name: string): Promise<void>;
  /** Resolves once users see a healthy world again. */
  heal(): Promise<void>;
  /** Ends every process; removes the folder if the world made it. May be called twice. */
  stop(): Promise<void>;
  /** One request as a user makes it: through the host's outermost hop, with the host's name. */
  asUser(host: string, request?: UserRequest): Promise<UserSaw>;
  /** The moving parts, for faults and tests. */
  parts: WorldParts;
}

interface WorldParts {
  balancer: Balancer;
  edge: Edge;
  traefik: TraefikProxy | null;
  outside: Outside;
  certificates: Certificates;
  /** What the inventory file says beyond the fixed: written again at every change. */
  notes: InventoryNotes;
  /** Writes the inventory again, after a change of notes. */
  writeInventory(): void;
  /** Adds a line to the change feed, as of now. */
  recordChange(change: { kind: string; object: string; summary: string; by?: string }): void;
  /** Takes away every line that was added. */
  forgetChanges(): void;
  /** How people use the hosts when all is well. */
  visits: Visits[];
}

/** A named change to a world that its users feel. */
export interface Fault {
  name: string;
  title: string;
  hint: string;
  /** The host that the report is about. */
  host: string;
  /** What people really write about it. */
  report: string;
  /** `30m`, ISO, ...: only where the report says so and it is true. */
  since?: string;
  expect: { answer: Answer; hop: Hop | 'none'; cause: string };
  needs?: 'traefik'[];
  inject(world: World): Promise<void>;
  heal(world: World): Promise<void>;
}
