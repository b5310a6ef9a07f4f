import fc from 'fast-check';

/**
 * Properties run with a fixed seed in continuous integration, so that a change is judged by what it changes and not by luck, and
 * with a fresh one everywhere else, where a find is welcome. `PATCHGEN_TEST_SEED` sets it; a failure prints its seed in any case.
 */
const given = process.env.PATCHGEN_TEST_SEED ?? (process.env.CI === 'true' ? '20260101' : undefined);
if (given !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(given) });
