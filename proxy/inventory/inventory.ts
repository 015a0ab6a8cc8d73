/** The inventory: what the path is made of. The model, how it is read from a file, and the path to a host. */
export { loadInventory } from './load.ts';
export { emptyInventory, type Inventory, knownHosts, partNamed } from './model.ts';
export { findPath } from './path.ts';
