import { lintCrd } from '../../api/crd-lint.ts';
import { crds } from '../../api/crds.ts';
import { resolveSpec } from '../../api/resolve.ts';
import { checkSpec } from '../../api/validate.ts';
import { changeTypeOf } from '../../changes/index.ts';
import { renderPackage } from '../../kpt/render.ts';
import { type DoctorCheck, failed, ok } from './check.ts';

const NEEDED_NODE = 24;
const SAMPLE = { intentType: 'scaling', target: 'web', replicas: 5 };
// Of format 1, which golden tests freeze. Another digest means that this build writes other bytes than every other one.
const SAMPLE_DIGEST = 'f2ea157245b30213580bb107706a454bae35766b7c582f40cc3b58abe91b4faf';
const AREA = 'runtime';

export interface RuntimeFacts {
  /** `v24.1.0`. */
  readonly nodeVersion: string;
  readonly platform: string;
}

/** Does this build of Patchgen work here at all? */
export function runtimeChecks(facts: RuntimeFacts): readonly DoctorCheck[] {
  return [
    {
      area: AREA,
      name: 'Node.js',
      run: () => {
        const major = Number(/^v(\d+)\./.exec(facts.nodeVersion)?.[1]);
        if (major >= NEEDED_NODE) return ok(`${facts.nodeVersion} on ${facts.platform}`);
        return failed(`${facts.nodeVersion} is too old`, `install Node.js ${NEEDED_NODE} or newer`);
      },
    },
    { area: AREA, name: 'schema', run: schemaSelfTest },
    { area: AREA, name: 'rendering', run: renderSelfTest },
  ];
}

const REINSTALL = 'this build is damaged: install it anew';

function schemaSelfTest() {
  const problems = crds().flatMap(lintCrd);
  if (problems.length > 0) return failed(`a definition is not valid: ${problems[0]}`, REINSTALL);
  if (checkSpec(SAMPLE).length > 0) return failed('a valid intent is refused', REINSTALL);
  if (checkSpec({ ...SAMPLE, replicas: 101 }).length === 0) return failed('an invalid intent is accepted', REINSTALL);
  return ok('a valid intent is accepted, an invalid one refused');
}

function renderSelfTest() {
  const plan = changeTypeOf('scaling')?.plan(
    resolveSpec({ intentType: 'scaling', target: 'web', replicas: 5 }, 'shop'),
  );
  if (plan === undefined) return failed('the intent type scaling is missing', REINSTALL);
  const { digest, files } = renderPackage(plan);
  if (digest !== SAMPLE_DIGEST) return failed(`a package has digest ${digest} instead of ${SAMPLE_DIGEST}`, REINSTALL);
  return ok(`${files.length} files with the expected digest`);
}
