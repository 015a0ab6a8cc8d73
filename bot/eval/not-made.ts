/** Causes that no world on one machine shows, and why. None is left: network namespaces hold the last two. */
export const NOT_MADE: { [cause: string]: string } = {};
