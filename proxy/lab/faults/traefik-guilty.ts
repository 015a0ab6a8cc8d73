import type { Fault } from '../types.ts';
import { untilUsersSee } from '../users-see.ts';

const MISSPELT = 'wiki.exmaple.test';

/** This time it is Traefik: the rule of the wiki's router names a host that nobody asks for, so the wiki has no route. */
export const traefikGuilty: Fault = {
  name: 'traefik-guilty',
  title: 'Traefik has no route for the wiki',
  hint: "Traefik's own 404 page; the API shows a router whose rule has a typing mistake. The wiki's endpoints are fine.",
  host: 'wiki.example.test',
  report: 'wiki is gone: just "404 page not found" in plain text, for every page. I did not delete anything I swear',
  expect: { answer: 'ingress', hop: 'proxy', cause: 'route-missing' },
  needs: ['traefik'],
  async inject(world) {
    serveWikiAs(world.parts.traefik, MISSPELT);
    await untilUsersSee(
      world,
      this.host,
      "Traefik's 404",
      (saw) => saw.status === 404 && saw.body === '404 page not found\n',
    );
  },
  async heal(world) {
    serveWikiAs(world.parts.traefik, this.host);
  },
};

function serveWikiAs(traefik: Parameters<Fault['inject']>[0]['parts']['traefik'], host: string): void {
  traefik?.serve(traefik.sites().map((site) => (site.service === 'wiki' ? { ...site, host } : site)));
}
