import fc from 'fast-check';

// `npm test` proves the same each time; FUZZ_SEED draws other texts.
fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 4_711) });
