import { fileURLToPath } from 'node:url';
import { reasonOf, TriageError } from '../../diagnostics/errors.ts';
import { loadInventory } from '../../proxy/inventory/inventory.ts';
import { standingFeed } from '../../proxy/kubernetes/changes/standing.ts';
import { clusterReader } from '../../proxy/kubernetes/reader.ts';
import { inventorySource } from '../../proxy/kubernetes/source.ts';
import { triageInProcess } from '../../workers/in-process.ts';
import { draw } from '../eval/draw.ts';
import { type Incident, incidentsIn } from '../eval/incident.ts';
import { scoreIntake } from '../eval/intake-score.ts';
import { MASKS, type Mask, masked, readMasks, takesAway } from '../eval/mask.ts';
import { readRun, saveRun, someSaved } from '../eval/saved.ts';
import { type Score, type Scored, scoreAll, scoreMasked, scoreOne, skippedOne, unreadOne } from '../eval/score.ts';
import { startWorldOf } from '../eval/world.ts';
import { inventoryOf, newCaseId, openCase, readReport, readTarget } from '../intake.ts';
import { evaluateCalibration } from './eval-calibrate.ts';
import { evaluateLooks } from './eval-looks.ts';
import { evaluatePublish } from './eval-publish.ts';
import { evaluateShows } from './eval-shows.ts';
import { evaluateTeeth } from './eval-teeth.ts';
import { evaluateVariants } from './eval-variants.ts';
import { printJson, readArgs, readInventory, readSinceFlag } from './options.ts';

const USAGE =
  './dev eval [--incidents DIR]… [--mask WHAT[,WHAT]…]… [--save DIR | --from DIR [--variants | --teeth | --calibrate [--write] | --looks [--write] | --publish [--beside DIR]…] | --shows] [--seed N] [--parallel N] [--keep] [--json] | ./dev eval --intake [FILE]… [--inventory FILE] [--json]';
const OWN_INCIDENTS = fileURLToPath(new URL('../../test/incidents', import.meta.url));
const OWN_MESSAGES = fileURLToPath(new URL('../../test/intake/messages.ndjson', import.meta.url));
const OWN_INVENTORY = fileURLToPath(new URL('../../test/intake/inventory.yaml', import.meta.url));
const DEADLINE_MS = 20_000;

/** What can be learnt from saved evidence alone. */
const STUDIES = {
  variants: evaluateVariants,
  teeth: evaluateTeeth,
  calibrate: evaluateCalibration,
  looks: evaluateLooks,
  publish: evaluatePublish,
};

/** The triage of an incident, exactly as `check --report` does it, without what the masks take away. */
async function triageOf(
  incident: Incident,
  inventoryFile: string,
  masks: Mask[],
  saveTo: string | null,
  seed: number | null,
): Promise<Scored> {
  const whole = await loadInventory(inventoryFile);
  if (masks.length && !takesAway(whole, masks)) return skippedOne(incident, 'the mask takes nothing away');
  const source = await inventorySource(masked(whole, masks));
  try {
    const known = source.known();
    const now = new Date();
    const told = readReport(incident.report, { at: now.toISOString(), tz: null }, known);
    const named = incident.target ? readTarget(incident.target, known) : told;
    const since = incident.since ? readSinceFlag(incident.since, now) : told.since;
    const reading = { ...told, places: named?.places ?? [], since };
    const began = performance.now();
    const inventory = masked(await inventoryOf(source, reading), masks);
    const opened = openCase(reading, {
      id: newCaseId(now),
      at: now.toISOString(),
      report: incident.report,
      inventory,
      deadlineMs: DEADLINE_MS,
    });
    if ('missing' in opened) return unreadOne(incident);
    if ('refused' in opened) throw new TriageError('not-allowed', opened.refused);
    const saved = await triageInProcess(
      opened.case,
      inventory,
      (error) => process.stderr.write(`${incident.id}: our own bug: ${reasonOf(error)}\n`),
      source.view && clusterReader(source.view),
      {
        logs: masks.includes('logs') ? null : source.logs,
        feed: source.view && !masks.includes('changes') ? standingFeed(source.view) : null,
      },
    );
    const durationMs = Math.round(performance.now() - began);
    if (saveTo !== null) await saveRun(saveTo, incident, { saved, durationMs, seed });
    return scoreOne(incident, saved.verdict, durationMs);
  } finally {
    source.close();
  }
}

/** What an earlier run saw, judged by today's code. */
async function readAgain(incident: Incident, dir: string): Promise<Scored> {
  const run = await readRun(dir, incident);
  if (run === null) return skippedOne(incident, `nothing was saved of it in ${dir}`);
  return scoreOne(incident, run.saved.verdict, run.durationMs);
}

/** How worlds are run: kept or not, and what chance in them follows. */
interface Running {
  keep: boolean;
  seed: number | null;
}

async function runOne(incident: Incident, how: Running, masks: Mask[], saveTo: string | null): Promise<Scored> {
  const world = await startWorldOf(incident.folder, how);
  if ('skipped' in world) return skippedOne(incident, world.skipped);
  try {
    return await triageOf(incident, world.inventory, masks, saveTo, how.seed);
  } catch (error) {
    if (error instanceof TriageError) return skippedOne(incident, error.message);
    throw error;
  } finally {
    await world.end();
    if (how.keep) process.stderr.write(`${incident.id}: kept ${world.dir}\n`);
  }
}

function line(scored: Scored): string {
  const id = scored.mask === undefined ? scored.id : `${scored.mask}: ${scored.id}`;
  if (scored.skipped !== undefined) return `skip   ${id}: ${scored.skipped}`;
  const { answer, hop, cause } = scored.right;
  const how = scored.outcome === 'wrong' ? undefined : scored.outcome;
  const mark = answer && hop && cause ? (how ?? 'right ') : answer ? 'partly' : 'WRONG ';
  const got = scored.got;
  return `${mark} ${id}: ${got?.answer}, ${got?.hop ?? '-'}, ${got?.cause ?? '-'} (${scored.confidence}, ${scored.durationMs} ms)${scored.wrong ? ` ${scored.wrong}` : ''}`;
}

function asText(score: Score): string {
  const p = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(1)} %`);
  const n = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
  const id = (ids: string[]): string => (ids.length ? ` (${ids.join(', ')})` : '');
  const masks = (score.masks ?? []).map(
    (m) =>
      `without ${m.mask}: stayed ${m.stayed}, of these another cause ${m.otherCause.length}${id(m.otherCause)}; inconclusive ${m.inconclusive}; wrong ${m.wrong.length}${id(m.wrong)}`,
  );
  return [
    '',
    ...masks,
    `answer ${p(score.accuracy.answer)}, hop ${p(score.accuracy.hop)}, cause ${p(score.accuracy.cause)} right of ${score.incidents.length - score.skipped} incidents (${score.skipped} skipped)`,
    `false accusations ${score.falseAccusations}, false exonerations ${score.falseExonerations}, confidently wrong ${score.confidentlyWrong}`,
    `Brier ${n(score.brier)}, ECE ${n(score.ece)}, P50 ${score.p50Ms} ms, P95 ${score.p95Ms} ms`,
    '',
  ].join('\n');
}

async function evaluateIntake(files: string[], inventoryFile: string | undefined, json: boolean): Promise<number> {
  const own = files.length === 0;
  const inventory = await readInventory(inventoryFile ?? (own ? OWN_INVENTORY : undefined));
  const score = await scoreIntake(own ? [OWN_MESSAGES] : files, inventory);
  if (json) printJson(score);
  else {
    for (const one of score.wrong)
      process.stdout.write(
        `line ${one.line}: expected ${JSON.stringify(one.expected)}, got ${JSON.stringify(one.got)}: ${one.text}\n`,
      );
    const p = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(1)} %`);
    process.stdout.write(
      `${score.messages} messages: precision ${p(score.precision)}, recall ${p(score.recall)}, hosts ${p(score.hosts)}, since ${p(score.since)}\n`,
    );
  }
  return score.wrong.length ? 1 : 0;
}

/** Another seed, another order: what one world leaves behind may not help or hurt the next. */
function inOrder(incidents: Incident[], seed: number | null): Incident[] {
  if (seed === null) return incidents;
  const drawn = (id: string): number => draw(id, seed);
  return [...incidents].sort((a, b) => drawn(a.id) - drawn(b.id));
}

/** `./dev eval`: runs every incident and scores the verdicts; 0 when all are right (under a mask: none turned wrong), 1 when not. */
export async function evaluate(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(
    args,
    USAGE,
    {
      incidents: { type: 'string', multiple: true },
      intake: { type: 'boolean' },
      inventory: { type: 'string' },
      mask: { type: 'string', multiple: true },
      save: { type: 'string' },
      from: { type: 'string' },
      beside: { type: 'string', multiple: true },
      variants: { type: 'boolean' },
      teeth: { type: 'boolean' },
      calibrate: { type: 'boolean' },
      looks: { type: 'boolean' },
      write: { type: 'boolean' },
      publish: { type: 'boolean' },
      parallel: { type: 'string' },
      seed: { type: 'string' },
      shows: { type: 'boolean' },
      keep: { type: 'boolean' },
      json: { type: 'boolean' },
    },
    { min: 0, max: 100 },
  );
  const json = values.json ?? false;
  if (values.intake) return evaluateIntake(positionals, values.inventory, json);
  if (positionals.length)
    throw new TriageError('wrong-usage', `${positionals[0]}: folders are given with --incidents\nusage: ${USAGE}`);
  const parallel = Number(values.parallel ?? 1);
  if (!Number.isInteger(parallel) || parallel < 1 || parallel > 16)
    throw new TriageError('wrong-usage', `--parallel: ${values.parallel} is not between 1 and 16`);
  const seed = values.seed === undefined ? null : Number(values.seed);
  if (seed !== null && !(Number.isInteger(seed) && seed >= 0 && seed <= 1_000_000))
    throw new TriageError('wrong-usage', `--seed: ${values.seed} is not between 0 and 1000000`);
  const how = { keep: values.keep ?? false, seed };
  const masks = (values.mask ?? []).map((text) => {
    const read = readMasks(text);
    if (!read) throw new TriageError('wrong-usage', `--mask: ${text} is none of ${MASKS.join(', ')}`);
    return { text, read };
  });
  const { save = null, from = null } = values;
  if (masks.length && (save ?? from) !== null)
    throw new TriageError('wrong-usage', '--mask runs the worlds: it goes with neither --save nor --from');
  const incidents = inOrder((await Promise.all((values.incidents ?? [OWN_INCIDENTS]).map(incidentsIn))).flat(), seed);
  const [study, second] = (['variants', 'teeth', 'calibrate', 'looks', 'publish'] as const).filter(
    (name) => values[name],
  );
  if (second) throw new TriageError('wrong-usage', `--${study} and --${second}: one at a time\nusage: ${USAGE}`);
  if (values.write && study !== 'calibrate' && study !== 'looks')
    throw new TriageError('wrong-usage', `--write goes with --calibrate or --looks\nusage: ${USAGE}`);
  if (values.beside && study !== 'publish')
    throw new TriageError('wrong-usage', `--beside goes with --publish\nusage: ${USAGE}`);
  if (study) {
    if (from === null) throw new TriageError('wrong-usage', `--${study} reads what --save kept: give --from DIR`);
    await someSaved(from, incidents);
    return STUDIES[study](incidents, from, json, values.write ?? false, values.beside ?? []);
  }
  if (values.shows) return evaluateShows(incidents, { parallel, seed, json });
  const runs = incidents.flatMap((incident) => (masks.length ? masks : [null]).map((mask) => ({ incident, mask })));
  const scored: Scored[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < runs.length) {
      const i = next++;
      const { incident, mask } = runs[i] as (typeof runs)[number];
      const whole =
        from === null ? await runOne(incident, how, mask?.read ?? [], save) : await readAgain(incident, from);
      const one = mask ? scoreMasked(whole, mask.text) : whole;
      scored[i] = one;
      (json ? process.stderr : process.stdout).write(`${line(one)}\n`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  const score = scoreAll(scored);
  if (json) printJson(score);
  else process.stdout.write(asText(score));
  // With something taken away, another cause on the same side is no failure; an answer that turned wrong is.
  const wrong = scored.some(
    (s) => s.skipped === undefined && !(s.right.answer && (s.outcome || (s.right.hop && s.right.cause))),
  );
  return wrong ? 1 : 0;
}
