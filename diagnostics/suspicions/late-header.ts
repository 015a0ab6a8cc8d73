import { failingBy, frontName, host, proxyName, type Rule, suspect, text } from './suspicion.ts';

/**
 * A PROXY header that comes late is taken for a request in clear text: shown at the listener with a header of ours, through
 * a balancer that holds its own back, or by a burst against its control. Never from a version alone.
 */
export const lateHeader: Rule = (scene) => {
  const found = scene.all('LATE_PROXY_HEADER_MISTAKEN').filter((f) => f.direction === 'implicates');
  const burst = scene.all('HANDSHAKE_BURST_CLEAR_TEXT');
  const because = [...found, ...burst];
  const [first] = because;
  if (!first) return null;
  const explains = failingBy(scene, (f) => f.error === 'PLAINTEXT' || f.status === 400);
  // Quick requests of ours do not show what slow clients meet: then it must be their complaint.
  const complained = scene.reported('handshake', 'reset');
  const vague = scene.reported('unspecified', 'timeout') && scene.case.symptoms.course === 'intermittent';
  if (explains === 0 && !complained && !vague) return null;
  const outside = because.some((f) => f.facts.seenFrom === 'outside');
  const sender = frontName(scene, text(found[0]?.facts.sender));
  const plaintext = explains > 0 ? scene.all('PLAINTEXT_ON_TLS_PORT') : [];
  return suspect(
    'proxy-protocol-header-timeout',
    [...because, ...plaintext],
    outside ? 0.97 : explains > 0 ? 0.96 : 0.9,
    {
      explains,
      fits: true,
      sentence: `${proxyName(scene, first)} takes connections to ${host(scene)} for clear text when the PROXY header (the caller's address) of ${sender} comes late`,
    },
  );
};
