import { type Crd, patchIntentCrd } from '../../src/api/crd.ts';
import type { JsonSchema } from '../../src/api/structural.ts';

/** Our kind with a schema that takes anything. */
export function permissiveCrd(): Crd {
  const real = patchIntentCrd();
  const anything: JsonSchema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const versions = real.spec.versions.map((version) => ({
    ...version,
    selectableFields: [],
    additionalPrinterColumns: [],
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { 'x-kubernetes-preserve-unknown-fields': true }, status: anything },
      },
    },
  }));
  return { ...real, spec: { ...real.spec, versions } };
}
