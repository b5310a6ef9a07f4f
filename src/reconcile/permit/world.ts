import type { ResolvedSpec } from '../../api/resolve.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import type { Claim } from '../../policy/contests.ts';
import type { Labels, PolicyInput, Unknown, Usage } from '../../policy/input.ts';
import type { Base } from '../plan/base.ts';
import type { Approval, ApprovalQuestion } from './approvals.ts';

/** What a change is about. */
export interface Target {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Reads targets, singly. */
export interface Targets {
  /**
   * The target of an intent as it is now: at most one read of its scale, and one of its metadata when that has moved.
   * Throws Rejected UnsupportedTargetKind for a kind that can not scale, ApiError and ConnectionError for a server that does not answer.
   */
  read(spec: ResolvedSpec, signal: AbortSignal): Promise<Base>;
  /**
   * What the API server would say to the patch. Resolves to warnings for the reviewer; undefined where it may not be asked.
   * Throws Waiting DryRunRefused for a refusal.
   */
  dryRun(patch: Readonly<Record<string, unknown>>, target: Target, signal: AbortSignal): Promise<readonly string[]>;
}

/** What is known of the cluster beside the intent and its target, from watches. Never asks the server. */
export interface Surroundings {
  /** `HorizontalPodAutoscaler web`: what sets the replicas of the target. */
  autoscalerOf(target: Target): string | undefined;
  namespaceLabels(namespace: string): Labels | Unknown;
  /** Why it is not known whether targets there have an autoscaler, as a warning; undefined where it is known or nobody asks. */
  autoscalersUnknown(namespace: string): string | undefined;
  /** Undefined while they are not known: nothing is let through then. */
  policies(): readonly CompiledPolicy[] | undefined;
  /** Decisions on an intent, in any order. */
  approvals(namespace: string, intent: string): readonly Approval[];
  /** The claim that an intent has lost its field to. */
  rivalOf(key: string): Claim | undefined;
}

/** Counts what policies let through, in their status. */
export interface Books {
  /** What each policy has counted so far, by its name. */
  usage(policies: readonly CompiledPolicy[]): ReadonlyMap<string, Usage>;
  /**
   * Takes the place of one change under the rate limits of these policies, durably, before it is let through. Resolves to undefined
   * when each policy has it in its status, else to the policy that has no room and until when. Throws Transient
   * PolicyUnavailable when it could not be written, Cancelled LeadershipLost or ShuttingDown, and the reason of the signal.
   */
  reserve(
    policies: readonly CompiledPolicy[],
    input: PolicyInput,
    signal: AbortSignal,
  ): Promise<{ readonly policy: string; readonly until: Date } | undefined>;
  /** A change that was let through has failed: the storm brakes of these policies count it. Never throws. */
  failed(policies: readonly CompiledPolicy[], id: string): void;
}

/** Whether the admission policies that keep names true are in force. */
export interface Guard {
  /**
   * `trustedSince`: approvals before it do not count. `broken`: what is wrong, for people. The answer is never older than the
   * youngest of these approvals: what was in force before it was made says nothing about it.
   */
  state(signal: AbortSignal, approvals?: readonly Approval[]): Promise<ApprovalQuestion['guard']>;
}

/** What the steps between plan and package ask of the outside. */
export interface World {
  readonly targets: Targets;
  readonly surroundings: Surroundings;
  readonly books: Books;
  readonly guard: Guard;
  readonly clock: Pick<Clock, 'now'>;
}
