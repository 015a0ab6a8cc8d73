/** The User-Agent of every HTTP request that we make as a probe: by it logs are read without our own requests. */
export const PROBE_AGENT = 'is-it-the-ingress (diagnostic probe)';
