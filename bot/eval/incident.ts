import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';

/** An incident: a folder that holds a world and the truth about it (DESIGN 4.8). */
const oneOrMore = <T extends z.ZodType>(schema: T) =>
  z.union([schema, z.array(schema).min(1)]).transform((v) => (Array.isArray(v) ? v : [v]) as z.infer<T>[]);

const incidentSchema = z.looseObject({
  id: z.string().min(1),
  title: z.string(),
  source: z.string(),
  report: z.string().min(1),
  target: z.string().nullish(),
  since: z.union([z.string(), z.date().transform((d) => d.toISOString())]).nullish(),
  expect: z.looseObject({
    answer: oneOrMore(z.enum(['ingress', 'not-ingress', 'inconclusive'])),
    hop: oneOrMore(z.string().nullable()),
    cause: oneOrMore(z.string().nullable()),
    forbid: z.array(z.string()).nullish(),
    atLeast: z.number().min(0).max(1).nullish(),
  }),
  /** A shell line that succeeds if a user's request meets the fault. */
  shows: z.string().min(1).nullish(),
  tags: z.array(z.string()).nullish(),
});

export interface Incident extends z.infer<typeof incidentSchema> {
  folder: string;
}

async function readIncident(folder: string): Promise<Incident> {
  const file = join(folder, 'incident.yaml');
  try {
    const parsed = incidentSchema.safeParse(parse(await readFile(file, 'utf8')));
    if (!parsed.success)
      throw new Error(`${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
    return { ...parsed.data, folder };
  } catch (error) {
    throw new TriageError('unreadable', `${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/** All incidents of a folder, by name; the folder may be an incident itself. Throws TriageError `unreadable`. */
export async function incidentsIn(path: string): Promise<Incident[]> {
  const dir = resolve(path);
  const has = (folder: string): Promise<boolean> =>
    stat(join(folder, 'incident.yaml')).then(
      () => true,
      () => false,
    );
  if (await has(dir)) return [await readIncident(dir)];
  const names = await readdir(dir).catch((error: unknown) => {
    throw new TriageError('unreadable', `${path}: ${reasonOf(error)}`, { cause: error });
  });
  const folders: string[] = [];
  for (const name of names.sort()) if (await has(join(dir, name))) folders.push(join(dir, name));
  if (folders.length === 0) throw new TriageError('unreadable', `${path}: no folder with an incident.yaml in it`);
  return Promise.all(folders.map(readIncident));
}
