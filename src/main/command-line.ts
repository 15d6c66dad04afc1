import { Command } from 'commander';
import { readSettings, type Settings } from '../settings.ts';
import { fail } from './fail.ts';
import { sentenceOf } from './refused.ts';

interface Where {
  host?: string;
  port?: string;
  data?: string;
  role?: string;
}

/** The command line: each command is loaded when it is called, so that `start` starts fast. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const program = new Command('annals').description('The server behind a personal AI assistant that forgets nothing and can prove it.');
  const data = ['--data <folder>', 'the data folder (ANNALS_DATA)'] as const;

  program
    .command('start')
    .description('start the server')
    .option('--host <address>', 'where to listen (ANNALS_HOST)')
    .option('--port <number>', 'where to listen; 0 takes a free one (ANNALS_PORT)')
    .option(...data)
    .option('--role <role>', 'all, api or workers: what this process does where several share the work (ANNALS_ROLE)')
    .action(async (where: Where) => (await import('./start.ts')).start(settingsOf(where)));
  program
    .command('log')
    .description('print the events of a stream')
    .argument('<stream>', 'a stream, or an id such as thread_… or run_…')
    .option('--json', 'one JSON object a line')
    .option(...data)
    .action(async (stream: string, options: Where & { json?: boolean }) =>
      (await import('./print-log.ts')).printLog(settingsOf(options), stream, options.json === true),
    );
  const views = program
    .command('views')
    .description('status and lag of every view')
    .option(...data);
  views.action(async (where: Where) => (await import('./admin.ts')).printViews(settingsOf(where)));
  views
    .command('rebuild')
    .description('build a view anew beside the live one, compare, and switch; the server must be running')
    .argument('<view>')
    .option(...data)
    .action(async (view: string, _options: Where, command: Command) =>
      (await import('./admin.ts')).rebuildView(settingsOf(command.optsWithGlobals()), view),
    );
  program
    .command('verify')
    .description('check every event: leaves, revisions, positions, the heads that were exported, and the files')
    .option('--heads <file>', 'compare with the heads in this file (ANNALS_HEADS_FILE)')
    .option('--key <base64>', 'the public key that heads must be signed with (the installation’s own)')
    .option(...data)
    .action(async (options: Where & { heads?: string; key?: string }) => (await import('./verify.ts')).verify(settingsOf(options), options));
  program
    .command('doctor')
    .description('check settings, servers, rights and models, and say what to fix')
    .option(...data)
    .action(async (where: Where) => (await import('./doctor.ts')).doctor(settingsOf(where)));
  program
    .command('migrate')
    .description('move everything from a data folder to servers, or back; nothing may run on either')
    .requiredOption('--from <address>', 'sqlite:./data, or esdb://…')
    .requiredOption('--to <address>', 'esdb://…, or sqlite:./data')
    .option('--mongodb <url>', 'mongodb://…, beside the event store (MONGODB_URL)')
    .option('--env <file>', 'where the settings for the servers are written (./annals.env, unless all of them are set)')
    .action(async (options: { from: string; to: string; mongodb?: string; env?: string }) =>
      (await import('./migrate/index.ts')).migrate(settingsOf({}), options),
    );
  program
    .command('keys')
    .description('the keys that everything personal is sealed with')
    .command('rewrap')
    .description('wrap all of them by the master key in ANNALS_NEW_MASTER_KEY; nothing may run meanwhile')
    .option(...data)
    .action(async (where: Where) => (await import('./rewrap.ts')).rewrap(settingsOf(where)));
  program
    .command('token')
    .description('access tokens')
    .command('create')
    .description('make an access token; the server must be running')
    .option('--person <id>', 'whose token it is (default: the local person)')
    .option('--days <number>', 'how long it is valid', '90')
    .option(...data)
    .action(async (options: Where & { person?: string; days: string }) => (await import('./admin.ts')).createToken(settingsOf(options), options));
  program
    .command('claim-local')
    .description('give a person what the local person owned, from before there were logins; the server must be running')
    .requiredOption('--person <id>', 'whose it is from now on')
    .option(...data)
    .action(async (options: Where & { person: string }) => (await import('./admin.ts')).claimLocal(settingsOf(options), options.person));

  program
    .command('person')
    .description('what is kept of persons')
    .command('export')
    .description('write everything that is kept of a person into a file; the server must be running')
    .argument('<person>', 'whose, for example person_ada')
    .argument('<file>', 'a new one, such as ada.tar.gz')
    .option(...data)
    .action(async (person: string, file: string, where: Where) => (await import('./export-person.ts')).exportPerson(settingsOf(where), person, file));
  program
    .command('gateway')
    .description('the way to Kafka')
    .command('backfill')
    .description('publish again from a position on')
    .requiredOption('--from <position>', '<epoch>.<position> as the server gives it, or start')
    .action(async ({ from }: { from: string }) => (await import('./backfill.ts')).backfill(settingsOf({}), from));

  addPersonCommands(program, data);

  // Whoever reads our output may stop reading, as `head` does.
  process.stdout.on('error', () => process.exit());
  await program.parseAsync(argv).catch((error: unknown) => fail(sentenceOf(error)));
}

/** People, through the running server. */
function addPersonCommands(program: Command, data: readonly [string, string]): void {
  const person = program.command('person').description('people and their accounts; the server must be running');
  person
    .command('invite')
    .description('print the link of an invitation, and mail it where there is an address and a server for mails')
    .argument('[email]')
    .option('--roles <roles>', 'one or several, separated by commas', 'member')
    .option('--name <name>', 'to recognise the invitation by')
    .option('--days <number>', 'how long it is good', '7')
    .option(...data)
    .action(async (email: string | undefined, options: Where & { roles: string; name?: string; days: string }) =>
      (await import('./people.ts')).invitePerson(settingsOf(options), { email, ...options }),
    );
  for (const [what, description] of [
    ['disable', 'shut a person out'],
    ['enable', 'let a person in again'],
  ] as const)
    person
      .command(what)
      .description(description)
      .argument('<person>', 'an id, an e-mail address or a name')
      .option(...data)
      .action(async (who: string, where: Where) => (await import('./people.ts')).standPerson(settingsOf(where), who, what));
  person
    .command('reset')
    .description('print a link with which a person sets another password')
    .argument('<person>', 'an id, an e-mail address or a name')
    .option(...data)
    .action(async (who: string, where: Where) => (await import('./people.ts')).resetPerson(settingsOf(where), who));
}

function settingsOf({ host, port, data, role }: Where): Settings {
  const read = readSettings(process.env, { ANNALS_HOST: host, ANNALS_PORT: port, ANNALS_DATA: data, ANNALS_ROLE: role });
  if (read.ok) return read.settings;
  return fail(read.message);
}
