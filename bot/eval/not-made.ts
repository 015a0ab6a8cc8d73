/** Causes that no world on one machine shows, and why. */
export const NOT_MADE: { [cause: string]: string } = {
  'lb-hairpin':
    'needs a balancer that rewrites addresses in packets and keeps the client’s (IPVS, an NLB); on one loopback every source is local, and there is no check that could see it yet',
};
