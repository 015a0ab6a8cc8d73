import type { Inventory } from '../../proxy/inventory/inventory.ts';
import type { Reading } from '../intake.ts';
import type { Model } from './model.ts';
import { completed, isUnsure } from './symptoms.ts';

/** A reading, filled in by the model where plain reading left something open; without a model, or its help, as it was. */
export async function filledIn(
  reading: Reading,
  text: string,
  inventory: Inventory,
  model: Model | null,
): Promise<Reading> {
  if (model === null || !isUnsure(reading, text, inventory)) return reading;
  const additions = await model.symptoms(text, inventory);
  return additions === null ? reading : completed(reading, additions);
}
