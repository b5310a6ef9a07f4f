import { environment } from '../config.ts';
import { runCli } from './frame.ts';
import { processIo } from './process-io.ts';

const args = process.argv.slice(2);
process.exitCode = await runCli(args, processIo(args, environment()));
