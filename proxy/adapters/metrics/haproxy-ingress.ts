import { type Format, sums } from './collector.ts';

/**
 * The controller page of haproxy-ingress, which stands beside HAProxy's own (haproxy-ingress:
 * pkg/controller/services/metrics.go; from its source, not from a recording).
 */
export const haproxyIngress: Format = (tally) => {
  const numbers = sums('haproxyingress_update_success');
  let full: number | null = null;
  return {
    handlers: {
      ...numbers.handlers,
      // `noop` and `dynamic` updates leave the process alone; `full` is a reload.
      haproxyingress_updates_total: (line) => {
        if (line.label('status') === 'full') full = (full ?? 0) + line.value;
      },
      haproxyingress_cert_expire_date_epoch: (line) =>
        tally.certificate([line.label('domain') ?? '', line.label('cn') ?? ''], line.value),
    },
    finish() {
      const success = numbers.of('haproxyingress_update_success');
      if (success === null && full === null) return false;
      tally.sample.reloads.ok = full;
      tally.sample.reloads.lastOk = success === null ? null : success === 1;
      if (tally.sample.software === null)
        tally.cannotTell(
          "requests, endpoints and connections (this is the controller's page)",
          'prometheus-port: "9105" in the ConfigMap of haproxy-ingress, and that page as metrics:',
        );
      return true;
    },
  };
};
