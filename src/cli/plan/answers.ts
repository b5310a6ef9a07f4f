import type { ValidIntent } from '../../api/wire/load.ts';
import { ApiError, ConnectionError, DecodeError, type KubeClient } from '../../platform/kubernetes/client.ts';
import { errorWords } from '../error-words.ts';
import { titleOf } from '../findings.ts';
import { type Input, type InputOptions, readInputs } from '../input.ts';
import type { Io } from '../io.ts';
import { withPlanFindings } from '../plan-intent.ts';
import { getIntent } from '../status/read.ts';
import { type Look, look, type Viewpoint } from './look.ts';
import { fromCluster, fromFile, type Subject } from './subject.ts';

/** What was to be planned and could not be, and why. */
export interface Unplanned {
  readonly title: string;
  readonly file?: string;
  readonly line?: number;
  readonly namespace?: string;
  readonly name?: string;
  readonly message: string;
}

/** What is to be planned. `inputs` may hold intents that are not valid, and files that could not be read. */
export interface Asked {
  readonly inputs: readonly Input[];
  readonly entries: readonly (Subject | Unplanned)[];
}

/** What came of it, each in the order of the call. */
export interface Answers {
  readonly inputs: readonly Input[];
  readonly looks: readonly Look[];
  readonly unplanned: readonly Unplanned[];
}

/** The intents of files. One that the cluster gives no answer about is one that is not planned. */
export async function askedIn(
  io: Io,
  files: readonly string[],
  options: InputOptions,
  { reader, now }: Pick<Viewpoint, 'reader' | 'now'>,
): Promise<Asked> {
  const inputs = (await readInputs(io, [...new Set(files)], options)).map(withPlanFindings);
  const loaded = inputs.flatMap((input) => ('intents' in input ? input.intents : []));
  const valid = loaded.filter((intent) => intent.valid);
  const entries = valid.map((intent) => orUnplanned(originOf(intent), () => fromFile(reader, intent, now())));
  return { inputs, entries: await Promise.all(entries) };
}

/** An intent of the cluster. */
export async function askedByName(client: KubeClient, namespace: string, name: string): Promise<Asked> {
  const title = `${namespace}/${name}`;
  const unplanned = (message: string): Asked => ({ inputs: [], entries: [{ title, namespace, name, message }] });
  try {
    const subject = fromCluster(await getIntent(client, namespace, name));
    return subject === undefined
      ? unplanned(`its spec is not valid: see patchgen status ${title}`)
      : { inputs: [], entries: [subject] };
  } catch (error) {
    return unplanned(errorWords(error));
  }
}

/** Plans one after the other. What fails for one is said of that one. */
export async function answer({ inputs, entries }: Asked, viewpoint: Viewpoint): Promise<Answers> {
  const call = entries.filter(isSubject);
  const looks: Look[] = [];
  const unplanned: Unplanned[] = [];
  for (const entry of entries) {
    const one = isSubject(entry) ? await orUnplanned(namesOf(entry), () => look(entry, viewpoint, call)) : entry;
    if ('message' in one) unplanned.push(one);
    else looks.push(one);
  }
  return { inputs, looks, unplanned };
}

/** Whether there is an answer to everything that was asked. */
export const isWhole = ({ inputs, unplanned }: Answers): boolean =>
  unplanned.length === 0 &&
  inputs.every((input) => 'intents' in input && input.intents.every((intent) => intent.valid));

const isSubject = (entry: Subject | Unplanned): entry is Subject => 'spec' in entry;

async function orUnplanned<T>(names: Omit<Unplanned, 'message'>, act: () => Promise<T>): Promise<T | Unplanned> {
  try {
    return await act();
  } catch (error) {
    if (FAILS.some((kind) => error instanceof kind)) return { ...names, message: errorWords(error) };
    throw error;
  }
}

/** What a cluster that gives no answer throws; anything else is a mistake of this program. */
const FAILS = [ApiError, ConnectionError, DecodeError] as const;

function originOf(intent: ValidIntent): Omit<Unplanned, 'message'> {
  const { source: file, line, namespace, name } = intent;
  return { title: titleOf(intent), file, line, namespace, ...(name === undefined ? {} : { name }) };
}

function namesOf({ title, file, line, intent: { metadata } }: Subject): Omit<Unplanned, 'message'> {
  const { namespace, name } = metadata;
  return { title, ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }), namespace, name };
}
