/** Parses the command line, runs one command and turns whatever happens into an exit code. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { nearest } from '../config/nearest.ts';
import { SETTINGS } from '../config/settings.ts';
import { EXIT, type ExitCode, KeelError } from '../core/errors.ts';
import { type CommandSpec, orInterrupted } from './command.ts';
import { createOutput, type Io, reportError } from './output.ts';

const { version: VERSION } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const GLOBAL: readonly [flags: string, help: string][] = [
  ['--json', 'one JSON object on stdout instead of text'],
  ['--debug', 'show stack traces of unexpected errors'],
];

function build(spec: CommandSpec, done: (code: ExitCode) => void, io: Io): Command {
  const command = new Command(spec.name).summary(spec.summary).description(spec.summary);
  if (spec.arguments !== undefined) command.argument(spec.arguments);
  for (const o of spec.options) command.option(o.flags, o.help);
  if (spec.mutates) {
    command.option('--dry-run', 'show what would be done and send nothing');
    command.option('--yes', 'do not ask');
  }
  for (const [flags, help] of GLOBAL) command.option(flags, help);
  if (spec.usesConfig) {
    command.option('--config <path>', 'config file (keel.config.json, or KEEL_CONFIG)');
    for (const s of SETTINGS)
      command.addOption(
        new Option(
          `${s.flag} <${s.kind === 'integer' ? 'number' : s.kind}>`,
          `replaces ${s.path} (${s.env})`,
        ).helpGroup('Settings that replace a value of the config file:'),
      );
  }
  command.action(async (...given: unknown[]) => {
    const args = command.args;
    const options = command.opts<Record<string, unknown>>();
    const output = createOutput(io, options.json === true);
    given.length = 0;
    const module = await spec.load();
    const running = module.run({ io, output, args, options });
    done(await (spec.stopsItself === true ? running : orInterrupted(io, running)));
  });
  return command;
}

function usageError(error: CommanderError, known: readonly string[], commands: readonly string[]): KeelError {
  const text = error.message.replace(/^error: /, '').split('\n', 1)[0] ?? error.message;
  const word = /'([^']+)'/.exec(text)?.[1] ?? '(command line)';
  const usage = (code: string, field: string, reason: string, remedy: string) =>
    new KeelError({ code, exit: EXIT.usage, field, value: word, reason, remedy });
  const help = 'See `keel --help`, or `keel <command> --help`';
  if (error.code === 'commander.unknownOption') {
    const meant = nearest(word, known);
    return usage(
      'UNKNOWN_OPTION',
      'option',
      'is not an option of this command',
      meant === null ? help : `Did you mean ${meant}?`,
    );
  }
  if (error.code === 'commander.unknownCommand') {
    const meant = nearest(word, commands);
    return usage(
      'UNKNOWN_COMMAND',
      'command',
      'is not a command of keel',
      meant === null ? help : `Did you mean ${meant}?`,
    );
  }
  if (error.code === 'commander.excessArguments')
    return usage('BAD_OPTION', 'arguments', 'are more than this command takes', help);
  return usage('BAD_OPTION', 'option', text.replace(`'${word}' `, '').replace(/^option /, ''), help);
}

/** @returns the exit code; never throws */
export async function runProgram(argv: readonly string[], commands: readonly CommandSpec[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = new Command('keel')
    .description('Keeps a portfolio at the weights its owner chose.')
    .version(VERSION, '--version', 'print the version');
  const quiet = { writeOut: (text: string) => void io.stdout.write(text), writeErr: () => {} };
  for (const spec of commands) {
    const command = build(
      spec,
      (c) => {
        code = c;
      },
      io,
    );
    program.addCommand(command.exitOverride().configureOutput(quiet));
  }
  program.exitOverride().configureOutput(quiet).showSuggestionAfterError(false);
  const known = (): string[] => {
    const current = program.commands.find((c) => argv.includes(c.name()));
    return (current ?? program).options.flatMap((o) => [o.long ?? '', o.short ?? '']).filter((o) => o !== '');
  };
  try {
    if (argv.length === 0) {
      io.stderr.write(program.helpInformation());
      return EXIT.usage;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (
      error instanceof CommanderError &&
      ['commander.helpDisplayed', 'commander.help', 'commander.version'].includes(error.code)
    )
      return EXIT.ok;
    const shown =
      error instanceof CommanderError
        ? usageError(
            error,
            known(),
            commands.map((c) => c.name),
          )
        : error;
    return reportError(io, shown, { json: argv.includes('--json'), debug: argv.includes('--debug') });
  }
}
