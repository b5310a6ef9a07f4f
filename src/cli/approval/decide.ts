import { codePoints } from '../../api/code-points.ts';
import { MAX_COMMENT_LENGTH } from '../../api/policy/limits.ts';
import { printable } from '../../platform/escape.ts';
import type { KubeClient } from '../../platform/kubernetes/client.ts';
import { type Asker, asker, isYes } from '../ask.ts';
import { Exit, type Io, UsageError } from '../io.ts';
import { painter } from '../output.ts';
import { getIntent } from '../status/read.ts';
import { type Created, createApproval } from './create.ts';
import { approvalCondition, objectionTo, type Question, titleOf } from './question.ts';
import { listDecisions, type NewApproval, whoAmI } from './read.ts';
import { readWanted } from './requirement.ts';
import { questionView } from './view.ts';

export interface Wish {
  readonly decision: 'Approve' | 'Reject';
  readonly comment?: string;
  readonly planDigest?: string;
  /** Nobody is asked. */
  readonly yes: boolean;
  readonly force: boolean;
  /** Whether the page of the plan goes to standard output; what asks goes to standard error anyway. */
  readonly page: boolean;
}

/** What was decided, and the object that says so. */
export interface Decided extends Created {
  readonly wanted: NewApproval;
  /** The reason of Approved before it. */
  readonly before: string | undefined;
}

/**
 * Shows the plan, asks, and creates the PatchApproval as the caller. Rejects with the reason where a decision would be without
 * effect, the person says no, or the server refuses.
 */
export async function decide(
  io: Io,
  client: KubeClient,
  key: { readonly namespace: string; readonly name: string },
  wish: Wish,
  now: () => Date,
): Promise<Decided> {
  checkWish(io, wish);
  const question = await readQuestion(client, key, now());
  const objection = objectionTo(question, wish.decision, wish.planDigest);
  if (objection !== undefined) object(io, objection.message, objection.canBeForced, wish.force);
  if (wish.page) io.stdout.write(questionView(question, painter(io)));
  else if (!wish.yes) io.stderr.write(questionView(question, painter(io)));
  const comment = await consent(io, question, wish);
  const { metadata, status } = question.intent;
  const wanted: NewApproval = {
    ...key,
    intent: metadata.name,
    intentUid: metadata.uid,
    planDigest: status?.plan?.planDigest ?? '',
    decision: wish.decision,
    approver: question.caller,
    ...(comment === undefined ? {} : { comment }),
  };
  const before = approvalCondition(question.intent)?.reason;
  return { ...(await createApproval(client, wanted)), wanted, before };
}

/** What can be refused before anything is read. Throws `UsageError`. */
function checkWish(io: Io, { decision, comment, yes }: Wish): void {
  if (comment !== undefined && codePoints(comment) > MAX_COMMENT_LENGTH)
    throw new UsageError(`--comment: must have at most ${MAX_COMMENT_LENGTH} characters`);
  const canAsk = io.interactive === true;
  if (!yes && !canAsk)
    throw new UsageError('nobody can be asked, because this is no terminal: look at the plan first, and say --yes');
  if (decision === 'Reject' && (comment ?? '').trim() === '' && (yes || !canAsk))
    throw new UsageError('say why it is rejected: --comment TEXT');
}

async function readQuestion(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  now: Date,
): Promise<Question> {
  const intent = await getIntent(client, namespace, name);
  const [caller, decisions, wanted] = await Promise.all([
    whoAmI(client),
    listDecisions(client, namespace, name),
    readWanted(client, intent),
  ]);
  return { intent, caller, decisions, wanted, now };
}

function object(io: Io, message: string, canBeForced: boolean, force: boolean): void {
  if (!canBeForced) throw new Error(message);
  if (!force) throw new Error(`${message} (--force decides all the same)`);
  io.stderr.write(`warning: ${printable(message)}\n`);
}

/** The comment, once the person agrees. Throws `Exit` when they do not. */
async function consent(io: Io, { intent, caller }: Question, wish: Wish): Promise<string | undefined> {
  if (wish.yes) return wish.comment;
  const person = asker(io);
  try {
    const comment = wish.comment ?? (wish.decision === 'Reject' ? await whyRejected(person) : undefined);
    const verb = wish.decision === 'Approve' ? 'Approve' : 'Reject';
    const answer = await person.ask(
      `\n${verb} this plan of ${printable(titleOf(intent))} as ${printable(caller)}? [y/N] `,
    );
    if (isYes(answer)) return comment;
    io.stderr.write('Nothing was decided.\n');
    throw new Exit(1);
  } finally {
    await person.close();
  }
}

async function whyRejected(person: Asker): Promise<string> {
  const comment = await person.ask('\nWhy is it rejected? ');
  if (comment === '') throw new Error('a rejection needs a reason, for whoever wanted the change; nothing was decided');
  if (codePoints(comment) > MAX_COMMENT_LENGTH)
    throw new Error(`a reason must have at most ${MAX_COMMENT_LENGTH} characters; nothing was decided`);
  return comment;
}
