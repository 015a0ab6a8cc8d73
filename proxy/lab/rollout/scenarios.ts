/** What may happen in a rollout of the lab, and how it should end. */
export interface Scenario {
  name: string;
  title: string;
  hint: string;
  /** Who must say stop at the first stage, or let it through to the end. */
  ends: 'go-on' | 'stop';
  /** The measures of which at least one must be the reason of a stop. */
  because: readonly string[];
}

/** The rollouts that the demo plays. */
export const SCENARIOS = [
  {
    name: 'good',
    title: 'A good rollout',
    hint: 'The new proxies do what the old ones did.',
    ends: 'go-on',
    because: [],
  },
  {
    name: 'lost-clients',
    title: 'Old clients are lost',
    hint: 'The new proxies speak TLS 1.2 with ECDHE and AEAD only: clients with nothing but AES128-SHA are refused.',
    ends: 'stop',
    because: ['handshakes', 'lost-clients'],
  },
  {
    name: 'resets',
    title: '1 % of connections are reset',
    hint: 'One connection in a hundred to the new proxies is reset before it says a word. No counter of theirs shows it.',
    ends: 'stop',
    because: ['resets', 'handshakes'],
  },
  {
    name: 'slow-p99',
    title: 'Slower at P99 only',
    hint: 'Four requests in a hundred take 300 ms longer through the new proxies; the median stays as it was.',
    ends: 'stop',
    because: ['latency-p99'],
  },
  {
    name: 'unbalanced',
    title: 'One endpoint gets nearly all',
    hint: 'A weight was copied wrongly: the new proxies send nine of ten requests to one of four endpoints.',
    ends: 'stop',
    because: ['balance'],
  },
  {
    name: 'app-fault',
    title: 'The application fails at the same time',
    hint: 'At 50 % the application itself answers 500 for some seconds, whichever proxy asks. Somebody blames the rollout.',
    ends: 'go-on',
    because: [],
  },
] as const satisfies readonly Scenario[];

export type ScenarioName = (typeof SCENARIOS)[number]['name'];
