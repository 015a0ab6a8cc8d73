import type { FaultState, World } from '../../proxy/lab/world.ts';
import type { Panel, PanelState } from '../local-slack/index.ts';

/** The lab's faults as switches beside the workspace, and what people would write about the one that is on. */
export function labPanel(world: World, channel: string): Panel {
  return {
    title: 'The lab',
    async state(): Promise<PanelState> {
      const faults = world.faults().filter((fault) => fault.name !== 'none');
      const on = faults.find((fault) => fault.on);
      return {
        note: on ? `On: ${on.title}. ${on.hint}` : 'All is well. Break something, then complain about it.',
        groups: groupsOf(faults),
        suggestions: suggestionsOf(on ?? faults[0], channel),
      };
    },
    async act(id) {
      const fault = world.faults().find((one) => one.name === id);
      if (!fault) throw new Error(`no fault ${id}`);
      if (fault.unavailable !== null) throw new Error(fault.unavailable);
      await (fault.on ? world.heal() : world.inject(id));
    },
  };
}

function groupsOf(faults: FaultState[]): PanelState['groups'] {
  const items = (some: FaultState[]) =>
    some.map((fault) => ({
      id: fault.name,
      label: fault.title,
      hint: fault.unavailable ?? `${fault.host}: ${fault.hint}`,
      on: fault.on,
      disabled: fault.unavailable !== null,
    }));
  const isApp = (fault: FaultState) => /^(app|service|wrong)-/.test(fault.name);
  return [
    { title: 'Break the ingress', items: items(faults.filter((fault) => !isApp(fault))) },
    { title: 'Break something else', items: items(faults.filter(isApp)) },
  ];
}

function suggestionsOf(fault: FaultState | undefined, channel: string): NonNullable<PanelState['suggestions']> {
  if (!fault) return [];
  return [
    { label: 'Complain', text: fault.report, channel },
    { label: 'Ask', text: `/ingress-check ${fault.host}`, channel: 'platform' },
  ];
}
