/**
 * Seconds without any target when the only replica is replaced: its successor counts as healthy only after
 * `interval x rise` at the hop in front, while the old one leaves once the new one says it is ready (D.6 of the AWS
 * load balancer controller: that is what its readiness gate is for). 0: covered; null: not known.
 */
export function oneReplicaGap(rolling: {
  replicas: number | null;
  /** It may be taken away before its successor is ready. */
  maxUnavailable: number;
  /** The successor counts as ready only once the hop in front has found it healthy. */
  readinessGate: boolean;
  /** How long the hop in front needs to take it in: interval x rise. */
  takesInAfter: number | null;
  minReadySeconds: number;
  /** How long the old one still serves. */
  servesFor: number | null;
}): number | null {
  if (rolling.replicas !== 1) return rolling.replicas === null ? null : 0;
  if (rolling.takesInAfter === null) return null;
  if (rolling.maxUnavailable > 0) return rolling.takesInAfter;
  if (rolling.readinessGate) return 0;
  return Math.max(0, rolling.takesInAfter - rolling.minReadySeconds - (rolling.servesFor ?? 0));
}
