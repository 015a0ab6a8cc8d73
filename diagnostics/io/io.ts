/** Everything that a check may do to the world, and nothing else. Sockets live behind it. */
export interface Io {
  now(): Date;
}
